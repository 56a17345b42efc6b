from importlib import metadata
from typing import NoReturn
from xml.etree import ElementTree

import pytest

from fbcore.errors import ExtraError, FlowError
from fbcore.formats.dot import to_dot
from fbcore.formats.picture import picture
from tests.formats import drawn


def test_names_stay_in_the_middle_of_their_boxes() -> None:
    """Every line is anchored at its middle, so that a viewer's font may be wider than the one it was laid out for."""
    label = '<<b>read_flights</b><br/><font point-size="9">read_csv</font>>'
    svg = picture(f'digraph {{ a [shape="box", style="rounded", label={label}]; o [shape="hexagon"] }}', "svg")
    places = [each.attrib for each in ElementTree.fromstring(svg).iter() if each.tag[-4:] == "text"]
    assert [place["text-anchor"] for place in places] == ["middle"] * 3
    assert places[0]["x"] == places[1]["x"] != places[2]["x"]


def test_a_composite_is_drawn_around_its_nodes() -> None:
    """The box of a composite is as large as to hold the boxes of its nodes."""
    svg = ElementTree.fromstring(picture(to_dot(drawn.nested()), "svg"))
    groups = {group.findtext("{*}title"): group for group in svg.iter("{http://www.w3.org/2000/svg}g")}
    around, inside = groups["cluster_nest.inner"], groups["nest.inner.source"]
    assert 'class="cluster"' in ElementTree.tostring(around, "unicode")
    assert spread(around)[0] < spread(inside)[0] < spread(inside)[-1] < spread(around)[-1]


def spread(group: ElementTree.Element) -> list[float]:
    """Return where the corners of a box are, from left to right."""
    path = next(each.attrib["d"] for each in group.iter() if "d" in each.attrib)
    return sorted(float(point.partition(",")[0]) for point in path.replace("M", " ").replace("C", " ").split())


def test_what_graphviz_says_is_passed_on() -> None:
    """Text that is no DOT is refused with the reason."""
    with pytest.raises(FlowError, match="syntax error"):
        picture("digraph {", "svg")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package, and with no such program on the path, the error says what to install."""

    def absent(name: str) -> NoReturn:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", absent)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ExtraError, match="not installed"):
        picture("digraph {}", "svg")

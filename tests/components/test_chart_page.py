import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from fbcore import ConfigError, InputError
from fbcore.components.bar_chart import Bar, fluid_chart
from fbcore.components.chart_page import ChartPage
from tests.components.alone import failure_of, run_alone

ROWS: list[Any] = [
    {"sky": "rain", "flights": 21086, "delay": 30.93},
    {"sky": "fog & <mist>", "flights": 2698, "delay": -28},
]
CONFIGS: dict[str, Any] = {"label": "sky", "value": "delay", "title": "Delays & more"}
FORMATS = {"flights": ",", "delay": ".1f"}
VOID = {"meta"}


class Page(HTMLParser):
    """What a browser finds on a page: `elements` as tag and attributes, and `texts` of each tag and class."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1], data.strip()))

    def of(self, tag: str) -> list[str]:
        """Return the texts of a tag."""
        return [text for found, text in self.texts if found == tag]


def page_of(folder: Path, rows: list[Any], **configs: Any) -> str:
    """Write a page, and return its text."""
    path = folder / "out" / "delays.html"
    result = run_alone(ChartPage, {"rows": rows}, path="delays.html", folder=path.parent, **CONFIGS, **configs)
    assert result.outputs.written == [path]
    return path.read_text(encoding="utf-8")


def test_a_page(tmp_path: Path) -> None:
    """Title, subtitle, a bar with its value for each record, and beneath them all the fields as a table."""
    page = Page(page_of(tmp_path, ROWS, subtitle="in 2013", unit="minutes", formats=FORMATS))
    assert page.of("h1") == ["Delays & more"]
    assert page.of("p") == ["in 2013"]
    assert page.of("text")[-4:] == ["rain", "30.9", "fog & <mist>", "-28.0"]
    assert "minutes" in page.of("text")
    assert page.of("th") == ["sky", "flights", "delay"]
    assert page.of("td") == ["rain", "21,086", "30.9", "fog & <mist>", "2,698", "-28.0"]


def test_it_needs_no_other_file(tmp_path: Path) -> None:
    """Nothing is loaded, from the network or from beside it."""
    text = page_of(tmp_path, ROWS)
    assert not {"link", "img", "iframe", "object", "embed"} & {tag for tag, _ in Page(text).elements}
    assert not any({"src", "href"} & attributes.keys() for _, attributes in Page(text).elements)
    assert re.findall(r"https?:|url\(|import|fetch", text) == []


def test_light_and_dark_and_narrow(tmp_path: Path) -> None:
    """The page asks for the reader's colours and width, and its chart is as wide as there is room."""
    text = page_of(tmp_path, ROWS)
    for asks in ("prefers-color-scheme: dark", "width=device-width", "max-width: 560px"):
        assert asks in text
    (svg,) = [attributes for tag, attributes in Page(text).elements if tag == "svg"]
    assert svg["width"] == "100%"
    assert svg["aria-label"] == "Delays & more"


@pytest.mark.parametrize("values", [[3, 1.5], [-5, 7], [-24.9, -1], [0, 0]], ids=str)
def test_bars_of_a_fluid_chart(values: list[float]) -> None:
    """Bars lie between the numbers on the axis, in percent of the width, and no two numbers are at one place."""
    page = Page(fluid_chart([Bar("x", value) for value in values], "Bars"))
    lines = [attributes for tag, attributes in page.elements if tag == "line"]
    ticks = [float((line["x1"] or "").removesuffix("%")) for line in lines if line["class"] == "grid"]
    assert (ticks[0], ticks[-1]) == (0, 100)
    assert len(set(ticks)) == len(ticks) >= 2
    bars = [attributes for tag, attributes in page.elements if tag == "rect"]
    for bar, value in zip(bars, values, strict=True):
        start, width = (float((bar[side] or "").removesuffix("%")) for side in ("x", "width"))
        assert 0 <= start <= start + width <= 100.01
        assert (width > 0) == (value != 0)


def test_no_rows(tmp_path: Path) -> None:
    """Without records the page says so."""
    page = Page(page_of(tmp_path, []))
    assert page.of("caption") == ["(no rows)"]


@pytest.mark.parametrize(
    "row",
    [{"sky": "rain", "delay": None}, {"sky": "rain", "delay": "3"}, {"a": 1}, {"sky": 1, "delay": 2, "more": 3}],
    ids=str,
)
def test_what_cannot_be_drawn(tmp_path: Path, row: Any) -> None:
    """A value that is no number, or a record of another kind, is refused, and no file appears."""
    error = failure_of(ChartPage, {"rows": [{"sky": "fog", "delay": 1}, row]}, path=tmp_path / "x.html", **CONFIGS)
    assert isinstance(error, InputError)
    assert error.hint
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A path that cannot be written is refused as a wrong config."""
    assert isinstance(failure_of(ChartPage, {"rows": []}, path=tmp_path, **CONFIGS), ConfigError)

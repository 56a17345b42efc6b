import sys
from importlib import metadata
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

import pytest

from fbcore.formats.dot import to_dot
from fbcore.formats.mermaid import to_mermaid
from fbcore.formats.picture import picture
from fbcore.formats.python_file import load_graph
from fbdev.cli import main
from tests.fbdev import nets

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a net."""
    path = tmp_path / "net.py"
    path.write_text(nets.FINISHED)
    return path


@pytest.fixture
def no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package that draws were not installed, and nothing on the path."""

    def absent(name: str) -> NoReturn:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", absent)
    monkeypatch.setenv("PATH", "")


def texts(svg: str) -> set[str]:
    """Return what can be read in a picture."""
    return {"".join(each.itertext()).strip() for each in ElementTree.fromstring(svg).iter() if each.tag[-4:] == "text"}


def test_a_picture_shows_the_names(file: Path) -> None:
    """An SVG is well-formed, and has the nodes, the ports and the border of the graph."""
    drawing = file.with_suffix(".svg")
    assert main(["draw", str(file), "-o", str(drawing)]) == 0
    assert texts(drawing.read_text("utf-8")) == {"numbers", "double", "count", "doubled", "out to value", "out"}


def test_types_are_shown_on_demand(file: Path) -> None:
    """With --types the arrows say the types of their ports."""
    drawing = file.with_suffix(".svg")
    assert main(["draw", str(file), "-o", str(drawing), "--types"]) == 0
    assert "int" in texts(drawing.read_text("utf-8"))


def test_a_png_is_large_enough_to_read(file: Path) -> None:
    """A PNG has twice the size in points, as a screen of today shows it; an ending may be in capitals."""
    drawing = file.with_suffix(".PNG")
    assert main(["draw", str(file), "-o", str(drawing)]) == 0
    content = drawing.read_bytes()
    assert content.startswith(PNG)
    points = ElementTree.fromstring(picture(to_dot(load_graph(file)), "svg")).attrib["width"].removesuffix("pt")
    assert int.from_bytes(content[16:20], "big") == pytest.approx(2 * float(points), abs=4)


@pytest.mark.parametrize("name", ["net.dot", "net.gv"])
def test_dot_is_text(file: Path, name: str, no_extra: None) -> None:
    """DOT is written without anything that must be installed."""
    drawing = file.with_name(name)
    assert main(["draw", str(file), "-o", str(drawing)]) == 0
    assert drawing.read_text("utf-8") == to_dot(load_graph(file))


def test_a_format_wins_over_the_ending(file: Path) -> None:
    """--format says what a file holds, whatever it is called."""
    drawing = file.with_suffix(".txt")
    assert main(["draw", str(file), "-o", str(drawing), "--format", "mermaid", "--types"]) == 0
    assert drawing.read_text("utf-8") == to_mermaid(load_graph(file), types=True)


def test_a_format_goes_to_standard_output(file: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Without a file even a PNG is written to standard output, for the next program."""
    assert main(["draw", str(file), "--format", "png"]) == 0
    assert capsysbinary.readouterr().out.startswith(PNG)


def test_a_terminal_gets_no_png(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes of a picture would garble a terminal."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["draw", str(file), "--format", "png"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "a terminal shows no PNG; name a file" in err


def test_an_unknown_format_is_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The formats that there are stand in the complaint."""
    assert main(["draw", str(file), "--format", "pdf"]) == 2
    assert "pdf is none of mermaid, dot, svg, png" in capsys.readouterr().err


def test_a_missing_extra_is_named(file: Path, no_extra: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the extra a picture is refused in two lines, which say how to get it; no file is left."""
    drawing = file.with_suffix(".svg")
    assert main(["draw", str(file), "-o", str(drawing)]) == 2
    assert "pip install 'fbdev[draw]'" in capsys.readouterr().err
    assert not drawing.exists()


def test_a_picture_that_cannot_be_written_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder where the picture should be is one line."""
    (file.parent / "net.svg").mkdir()
    assert main(["draw", str(file), "-o", str(file.parent / "net.svg")]) == 2
    assert "Is a directory" in capsys.readouterr().err

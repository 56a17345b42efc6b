from pathlib import Path

import pytest

from fbcore.formats.mermaid import to_mermaid
from fbcore.formats.python_file import load_graph
from fbdev.cli import main
from tests.fbdev import nets


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a net."""
    path = tmp_path / "net.py"
    path.write_text(nets.FINISHED)
    return path


def test_the_drawing_goes_to_standard_output(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`fbdev draw FILE` prints the Mermaid text of the graph, and nothing else."""
    assert main(["draw", str(file)]) == 0
    out, err = capsys.readouterr()
    assert out == to_mermaid(load_graph(file))
    assert err == ""


@pytest.mark.parametrize("name", ["net.mmd", "net.mermaid"])
def test_the_drawing_goes_to_a_file(file: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With -o the same text goes to a file, and nothing is printed."""
    drawing = file.with_name(name)
    assert main(["draw", str(file), "-o", str(drawing)]) == 0
    assert drawing.read_text(encoding="utf-8") == to_mermaid(load_graph(file))
    assert capsys.readouterr().out == ""


def test_a_graph_is_written_as_data(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`fbdev draw FILE -o net.json` writes a file that `fbdev run` and `fbdev draw` take in its stead."""
    data = file.with_name("net.json")
    assert main(["draw", str(file), "-o", str(data)]) == 0
    assert main(["draw", str(data)]) == 0
    assert capsys.readouterr().out == to_mermaid(load_graph(file))
    assert main(["run", str(data)]) == main(["run", str(file)]) == 0
    assert main(["draw", str(data), "--format", "json"]) == 0
    assert '"format": "fbcore-graph"' in capsys.readouterr().out


def test_an_unknown_ending_is_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is named as something else would be none: it is not written, and the endings are told."""
    drawing = file.with_suffix(".pdf")
    assert main(["draw", str(file), "--output", str(drawing)]) == 2
    complaint = capsys.readouterr().err
    assert "a drawing ends in .mmd, .mermaid, .dot, .gv, .svg, .png" in complaint
    assert "name the file" in complaint
    assert not drawing.exists()


def test_a_file_that_cannot_be_written_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is not there is one line."""
    assert main(["draw", str(file), "-o", str(file.parent / "nowhere" / "net.mmd")]) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_a_graph_that_cannot_run_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A drawing helps to find what is wrong."""
    (tmp_path / "net.py").write_text(nets.INVALID)
    assert main(["draw", str(tmp_path / "net.py")]) == 0
    assert "node_double" in capsys.readouterr().out


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--debug shows where a file raised."""
    (tmp_path / "net.py").write_text("1 / 0\n")
    assert main(["draw", str(tmp_path / "net.py"), "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err

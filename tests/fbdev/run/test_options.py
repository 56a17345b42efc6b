import re
from pathlib import Path

import pytest

from fbdev.cli import main
from fbdev.run.options import FIXED, split_file
from tests.fbdev import nets


@pytest.mark.parametrize(
    ("arguments", "file", "rest"),
    [
        ([], "", []),
        (["--help"], "", ["--help"]),
        (["a.py"], "a.py", []),
        (["a.py", "--x", "b.py"], "a.py", ["--x", "b.py"]),
        (["--json", "a.py"], "a.py", ["--json"]),
        (["--grace", "5", "a.py", "b"], "a.py", ["--grace", "5", "b"]),
        (["--grace=5", "a.py"], "a.py", ["--grace=5"]),
        (["--input", "x=1", "--input", "y=2", "a.py"], "a.py", ["--input", "x=1", "--input", "y=2"]),
        (["--time-limit"], "", ["--time-limit"]),
    ],
)
def test_the_file_is_found_among_options(arguments: list[str], file: str, rest: list[str]) -> None:
    """FILE is the first word that is no option, nor the value of one that every net has."""
    assert split_file(arguments) == (file, rest)


def test_options_may_stand_before_and_after_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Options that every net has may stand before FILE; all may after it."""
    path = tmp_path / "net.py"
    path.write_text(nets.FINISHED)
    assert main(["run", "--quiet", str(path), "--count", "2"]) == 0
    assert capsys.readouterr() == ("0\n2\n", "")


def test_help_without_a_file_is_that_of_every_net(capsys: pytest.CaptureFixture[str]) -> None:
    """`fbdev run --help` shows what holds for every net, and where to see the rest."""
    assert main(["run", "--help"]) == 0
    help = capsys.readouterr().out
    assert "fbdev run FILE --help" in help
    assert set(re.findall(r"[│ ] (--[a-z-]+)", help)) == set(FIXED)


def test_help_with_a_file_is_that_of_its_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`fbdev run FILE --help` names inputs with their types, outputs, and an option for each config."""
    path = tmp_path / "net.py"
    path.write_text(nets.ENDLESS + nets.FAILED.replace("graph", "other"))
    assert main(["run", f"{path}:graph", "--help"]) == 0
    help = capsys.readouterr().out
    assert "Run the net endless: 2 nodes; inputs: none; outputs: seen." in help
    assert "--stubborn" in help
    assert main(["run", f"{path}:other", "--help"]) == 0
    help = capsys.readouterr().out
    assert "Run the net failing: 1 node; inputs: value (int); outputs: inverse." in help
    assert "--stubborn" not in help


def test_help_of_a_graph_that_cannot_run_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Help needs no graph that is complete."""
    (tmp_path / "net.py").write_text(nets.INVALID)
    assert main(["run", str(tmp_path / "net.py"), "--help"]) == 0
    assert "Run the net invalid" in capsys.readouterr().out

from importlib.metadata import version
from pathlib import Path

import pytest

from fbdev.cli import main
from tests.fbdev import nets


def test_without_arguments_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever types only the name of the program is told what it can do."""
    assert main([]) == 0
    help = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert help == capsys.readouterr().out
    assert "Run the net in a Python file" in help
    assert "Draw the graph in a Python file" in help


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints name and version."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"fbdev {version('fbdev')}\n"


@pytest.mark.slow
def test_the_module_can_be_run() -> None:
    """`python -m fbdev` is the same program."""
    found = nets.run("--version")
    assert (found.returncode, found.stdout) == (0, f"fbdev {version('fbdev')}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["walk"], "walk"), (["--fast"], "--fast"), (["run"], "FILE"), (["draw"], "FILE"), (["run", "--quiet"], "FILE")],
)
def test_unknown_words_are_answered_with_help(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown command or option, or a missing FILE: what it was, and where to read on."""
    assert main(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("error: ")
    assert said in lines[0]
    assert lines[1].startswith("  hint: `fbdev")
    assert len(lines) == 2


def test_an_error_is_told_without_its_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a file raises is one line with its place, and a hint; --debug shows the traceback."""
    path = tmp_path / "net.py"
    path.write_text("def f():\n    raise ValueError('no good')\nf()\n")
    assert main(["run", str(path)]) == 2
    assert capsys.readouterr().err == f"error: {path}:2: ValueError: no good\n"
    assert main(["run", str(path), "--debug"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_files_nearby_are_named_shortly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in the current folder is named without the folder."""
    (tmp_path / "net.py").write_text(nets.INVALID)
    monkeypatch.chdir(tmp_path)
    assert main(["run", "net.py"]) == 2
    assert "(net.py:9)" in capsys.readouterr().err


def test_a_mistake_of_ours_is_told_without_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error that nobody foresaw is a line, too, with the way to see more."""
    (tmp_path / "net.py").write_text(nets.FINISHED)

    def fail(*_: object) -> None:
        raise RuntimeError("impossible")

    monkeypatch.setattr("fbdev.run.command.print_outputs", fail)
    assert main(["run", str(tmp_path / "net.py")]) == 1
    assert capsys.readouterr().err == "error: RuntimeError: impossible\n  hint: --debug shows where\n"


def test_an_interrupt_before_the_net_runs_is_a_stop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C while the file is loaded ends the program with the code of a stopped net."""
    (tmp_path / "net.py").write_text("raise KeyboardInterrupt\n")
    assert main(["run", str(tmp_path / "net.py")]) == 5
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("text", ["x = '" + "a" * 1_000_000, "raise ValueError('a' * 1_000_000)"])
def test_huge_messages_are_cut(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """However much an error has to say, a line of ours is short."""
    (tmp_path / "net.py").write_text(text)
    assert main(["run", str(tmp_path / "net.py")]) == 2
    assert max(map(len, capsys.readouterr().err.splitlines())) <= 500

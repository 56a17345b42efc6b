import re
from pathlib import Path

import pytest

from fbdev.cli import main
from fbdev.new.project import make_project

FILES = [
    ".gitignore",
    "README.md",
    "components.py",
    "net.py",
    "pyproject.toml",
    "tests/test_components.py",
    "text.txt",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_project_is_made_and_the_next_steps_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`fbdev new NAME` writes a folder, names its files, and says what to type next."""
    assert main(["new", "my-net"]) == 0
    assert sorted(str(path.relative_to("my-net")) for path in Path("my-net").rglob("*") if path.is_file()) == FILES
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"made my-net: {', '.join(FILES)}"
    assert lines[1:4] == ["next:", "  cd my-net", "  fbdev run net.py     # run the net"]


def test_the_name_stands_wherever_it_belongs(folder: Path) -> None:
    """The project is called by its name, and the graph by what of it can be the name of a graph."""
    made = make_project(folder / "my-net")
    texts = {path.name: path.read_text() for path in made}
    assert 'name = "my-net"' in texts["pyproject.toml"]
    assert 'Graph("my_net")' in texts["net.py"]
    assert [name for name, text in texts.items() if re.search(r"@[A-Z]+@", text)] == []


def test_an_empty_folder_may_be_filled(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that exists may become a project while it is empty, the current one too."""
    (folder / "here").mkdir()
    assert main(["new", "here"]) == 0
    (folder / "below").mkdir()
    assert len(make_project(folder / "below")) == len(FILES)


def test_the_current_folder_needs_no_cd(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`fbdev new .` makes a project of an empty folder, called as that is."""
    (folder / "weather").mkdir()
    monkeypatch.chdir("weather")
    assert main(["new", "."]) == 0
    assert "  cd " not in capsys.readouterr().out
    assert 'Graph("weather")' in Path("net.py").read_text()


def test_a_project_may_be_made_further_down(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path makes the folders that are missing; the last of them is the name."""
    assert main(["new", "a/b/c"]) == 0
    assert "  cd a/b/c" in capsys.readouterr().out
    assert Path("a/b/c/net.py").is_file()


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is something already nothing is written, not even beside it."""
    Path("mine").mkdir()
    Path("mine/precious.py").write_text("x = 1\n")
    assert main(["new", "mine"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: mine: there is something in this folder already",
        "  hint: give a name that is free; nothing was written",
    ]
    assert [path.name for path in Path("mine").iterdir()] == ["precious.py"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("file", "file: this is a file already"),
        ("dangling", "dangling: this is a file already"),
        ("2nets", "'2nets' cannot be the name of a project"),
        ("a b", "'a b' cannot be the name of a project"),
        ("net-", "'net-' cannot be the name of a project"),
        ("class", "'class' cannot be the name of a project"),
        ("file/net", "cannot write file/net"),
    ],
)
def test_what_cannot_be_a_project_is_refused(
    folder: Path, name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that is taken or not allowed, and a folder that cannot be made, are told in a line."""
    Path("file").write_text("")
    Path("dangling").symlink_to("nowhere")
    assert main(["new", name]) == 2
    assert said in capsys.readouterr().err

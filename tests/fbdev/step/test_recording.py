from pathlib import Path

import pytest

from fbcore import LoadError
from fbdev.step.recording import read_choices, write_choices


@pytest.mark.parametrize("name", ["steps.txt", "steps.jsonl"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    """Names come back as they were, whichever way the file is written."""
    choices = ["a", "timer 1 of b.c", "blocked"]
    write_choices(tmp_path / name, choices, "fbdev step net.py\nwith a second line")
    assert read_choices(str(tmp_path / name)) == choices


def test_choices_are_written_for_people(tmp_path: Path) -> None:
    """A file says what it is of, and has a choice on each line."""
    write_choices(tmp_path / "steps.txt", ["a", "b"], "fbdev step net.py")
    assert (tmp_path / "steps.txt").read_text() == "# fbdev step net.py\na\nb\n"


@pytest.mark.parametrize(
    "text",
    [
        "a\nb\n",
        "# by hand\n\n  a\nb",
        '"a"\n{"choice": "b", "time": 0}\n',
        '["a", "b"]',
        '[{"choice": "a"},\n "b"]',
        "\ufeffa\nb",
    ],
)
def test_choices_may_be_written_in_several_ways(tmp_path: Path, text: str) -> None:
    """Lines of names or of JSON, and a list of JSON, say the same."""
    (tmp_path / "steps").write_text(text, encoding="utf-8")
    assert read_choices(str(tmp_path / "steps")) == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"a\n{broken\n", "steps:2: is no JSON"),
        (b'a\n\n{"name": "b"}\n', "steps:3: {'name': 'b'} is no choice"),
        (b"[1]", "steps, item 1: 1 is no choice"),
        (b"[", "is no list of JSON"),
        (b"\xff\xfe", "is no text in UTF-8"),
    ],
)
def test_what_is_no_choice_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, what: str
) -> None:
    """A file that is no recording is refused, and says where."""
    monkeypatch.chdir(tmp_path)
    Path("steps").write_bytes(content)
    with pytest.raises(LoadError) as caught:
        read_choices("steps")
    assert what in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(LoadError, match="cannot be read: No such file"):
        read_choices(str(tmp_path / "nowhere"))


def test_a_file_that_is_there_is_left(tmp_path: Path) -> None:
    """Nothing is written over; and a folder that is not there is named."""
    (tmp_path / "steps").write_text("mine")
    with pytest.raises(LoadError, match="is there already"):
        write_choices(tmp_path / "steps", ["a"], "")
    assert (tmp_path / "steps").read_text() == "mine"
    with pytest.raises(LoadError, match="cannot be written"):
        write_choices(tmp_path / "nowhere" / "steps", ["a"], "")

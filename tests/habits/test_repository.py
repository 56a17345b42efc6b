import re
from pathlib import Path

import pytest

from tests.habits.tree import name, tracked_files

# Written so that this file keeps its own rules.
TRACES = re.compile(
    r"(?<![\w.])/(home|opt|root|work|Users)/\w"
    r"|[A-Z]:\\Users\\"
    r"|\b(debian|npmjs|pypi|pythonhosted)\.(com|org)\b"
    r"|\b[Ii]ssue #?\d"
)


def text_of(path: Path) -> str:
    """Read a file, or nothing if it is no text."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


def test_the_repository_knows_no_machine() -> None:
    """No file names a folder of one machine, the host of a package registry, or a number in a tracker."""
    found = {name(path): TRACES.search(text_of(path)) for path in tracked_files()}
    assert {path: match[0] for path, match in found.items() if match} == {}


@pytest.mark.parametrize("trace", ["cd /{}/me", "'/{}/x.py'", "=/{}/x"])
def test_a_trace_is_found(trace: str) -> None:
    """The check above sees a path wherever it begins, and leaves relative ones alone."""
    assert TRACES.search(trace.format("home"))
    assert not TRACES.search("docs/home/page and https://example.com/home/page")

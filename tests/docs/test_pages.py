"""The pages that people read: what they show runs, and prints what they say."""

import builtins
import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import fbcore
from tests.habits.tree import ROOT, name

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```\n(?:\s*^```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
SECONDS = re.compile(r"\bafter \d+\.\d\d s\b")


class Block(NamedTuple):
    """A block of Python on a page, the line it begins on, and the output that the page shows for it, if any."""

    source: str
    line: int
    output: str | None


def blocks(page: str) -> list[Block]:
    """Find the Python on a page; a block of `text` that follows at once is its output."""
    return [Block(found[1], page.count("\n", 0, found.start(1)) + 1, found[2]) for found in PYTHON.finditer(page)]


def run_page(page: str, module: ModuleType) -> list[str]:
    """Run the blocks of a page in order, in one module, and name those that print something else than it says."""
    wrong = []
    for block in blocks(page):
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(block.source, "net.py", "exec", dont_inherit=True), vars(module))
        if block.output is not None and _steady(printed.getvalue()) != _steady(block.output):
            wrong.append(f"the block at line {block.line} prints\n{printed.getvalue()}")
    return wrong


def _steady(text: str) -> str:
    """Strip what differs from run to run: how long a net took."""
    return SECONDS.sub("after 0.00 s", text)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Make the main module, in an empty folder: what whoever tries the page would run."""
    monkeypatch.chdir(tmp_path)
    made = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", made)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_runs_as_printed(path: Path, module: ModuleType) -> None:
    """Every block of Python on a page runs, and prints exactly what the page shows below it."""
    assert run_page(path.read_text(encoding="utf-8"), module) == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_block_is_overlooked(path: Path) -> None:
    """Python on a page stands at the margin, where the test above sees it."""
    page = path.read_text(encoding="utf-8")
    assert len(blocks(page)) == len(re.findall(r"^\s*[`~]{3,}\s*(?:py|python)", page, re.MULTILINE))


def test_a_wrong_output_is_found(module: ModuleType) -> None:
    """The check sees another output, shares names between blocks, and leaves other blocks alone."""
    page = "```python\nx = 1\n```\n\n```python\nprint(x)\n```\n\n```text\n2\n```\n\n```sh\nexit 1\n```\n"
    assert run_page(page, module) == ["the block at line 6 prints\n1\n"]
    assert run_page(page.replace("2", "1"), module) == []


def code_for_people() -> str:
    """Return all code that is shown to users: on the pages, and in the examples of public docstrings."""
    pages = [path.read_text(encoding="utf-8") for path in PAGES]
    shown = [code for page in pages for code in (*FENCED.findall(page), *CODE.findall(page))]
    public = [getattr(fbcore, each) for each in fbcore.__all__]
    methods = [method for each in public for method in vars(each).values() if callable(method)]
    examples = [(each.__doc__ or "").partition("Example:")[2] for each in (*public, *methods)]
    return "\n".join(shown + examples)


def test_no_page_names_an_error_that_is_not_there() -> None:
    """What a page calls an error of ours, or of Python, is one."""
    named = set(re.findall(r"\b\w+Error\b", code_for_people()))
    assert {each for each in named if not hasattr(fbcore, each) and not hasattr(builtins, each)} <= {"CancelledError"}


def test_every_public_name_is_shown() -> None:
    """Whoever meets a public name finds it on a page, or in the example of a docstring."""
    code = code_for_people()
    assert [each for each in fbcore.__all__ if not re.search(rf"\b{each}\b", code)] == []

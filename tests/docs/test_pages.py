"""The pages that people read: what they show runs, and prints what they say."""

import builtins
import re
from pathlib import Path
from types import ModuleType

import pytest

import fbcore
from tests.docs.examples import blocks, examples, wrong_blocks
from tests.habits.tree import ROOT, name, sources

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINES_OF_A_PAGE = 250


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_runs_as_printed(path: Path, module: ModuleType) -> None:
    """Every block of Python on a page runs, and prints exactly what the page shows below it."""
    assert [wrong for wrong in wrong_blocks(path.read_text(encoding="utf-8"), module) if wrong] == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_block_is_overlooked(path: Path) -> None:
    """Python on a page stands at the margin, where the test above sees it."""
    page = path.read_text(encoding="utf-8")
    python = [block for block in blocks(page) if block.language == "python"]
    assert len(python) == len(re.findall(r"^\s*[`~]{3,}\s*(?:py|python)", page, re.MULTILINE))


def test_a_wrong_output_is_found(module: ModuleType) -> None:
    """The check sees another output, shares names between blocks, and leaves other blocks alone."""
    page = "```python\nx = 1\n```\n\n```python\nprint(x)\n```\n\n```text\n2\n```\n\n```sh\nexit 1\n```\n"
    assert list(wrong_blocks(page, module)) == ["", "the block at line 6 prints\n1\n"]
    assert list(wrong_blocks(page.replace("2", "1"), module)) == ["", ""]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_is_short(path: Path) -> None:
    """A page is read in one go."""
    assert path.read_text(encoding="utf-8").count("\n") <= LINES_OF_A_PAGE


def code_for_people() -> str:
    """Return all code that is shown to users: on the pages, and in the examples of docstrings."""
    pages = [path.read_text(encoding="utf-8") for path in PAGES]
    shown = [code for page in pages for code in (*FENCED.findall(page), *CODE.findall(page))]
    shown += [each.source for path in sources("fbcore") for each in examples(path.read_text(encoding="utf-8"))]
    return "\n".join(shown)


def test_no_page_names_an_error_that_is_not_there() -> None:
    """What a page calls an error of ours, or of Python, is one."""
    named = set(re.findall(r"\b\w+Error\b", code_for_people()))
    assert {each for each in named if not hasattr(fbcore, each) and not hasattr(builtins, each)} <= {"CancelledError"}

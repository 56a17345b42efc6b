"""Code that is shown to users, found and run: blocks on pages, and examples in docstrings.

On a page, a block of `text` that follows a block of Python is what that one prints. In a docstring an example is
Python under `Example:`, as it would stand in a file after `from fbcore import *`, and what it prints follows it:

    print(1 + 1)
    #> 2
"""

import ast
import io
import re
import textwrap
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```\n(?:\s*^```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+\.py)(, at the end)?\n")
SECTION = re.compile(r"^Example:\n((?:(?:[ ].*)?\n)+)", re.MULTILINE)
PRINTED = re.compile(r"^ *#>(?: (.*))?$", re.MULTILINE)
TIMES = ((re.compile(r"\b(after|in) \d+\.\d\d( ?s\b)"), r"\1 0.00\2"), (re.compile(r"\b[\d,]+/s\b"), "0/s"))


class Block(NamedTuple):
    """Python, or commands, on a page: the line they begin on, and the output that the page shows, if any."""

    language: str
    source: str
    line: int
    output: str | None

    def save(self, folder: Path) -> bool:
        """Save a block that begins with `# name.py` as that file, or at its end; say whether it is one."""
        found = FILE.match(self.source)
        if found:
            with (folder / found[1]).open("a" if found[2] else "w", encoding="utf-8") as file:
                file.write(self.source)
        return bool(found)

    def differs(self, printed: str) -> str:
        """Say what is wrong when this was printed, or "" when nothing is."""
        is_right = self.output is None or steady(printed) == steady(self.output)
        return "" if is_right else f"the block at line {self.line} prints\n{printed}"


class Example(NamedTuple):
    """Python in the docstring of something, called as `Component.select`."""

    name: str
    source: str

    @property
    def output(self) -> str:
        """What the example says that it prints."""
        return "".join(f"{line}\n" for line in PRINTED.findall(self.source))


def blocks(page: str) -> list[Block]:
    """Find the Python and the commands on a page."""
    return [
        Block(found[1], found[2], page.count("\n", 0, found.start(2)) + 1, found[3]) for found in BLOCK.finditer(page)
    ]


def examples(source: str) -> list[Example]:
    """Find the examples in the docstrings of a file."""
    return [
        Example(name, textwrap.dedent(found))
        for name, text in docstrings(ast.parse(source))
        for found in SECTION.findall(f"{text}\n")
    ]


def docstrings(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Find every docstring with the dotted name of what it tells about."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        prefix = f"{prefix}.{getattr(node, 'name', '')}".strip(".")
        yield prefix, ast.get_docstring(node) or ""
    for child in ast.iter_child_nodes(node):
        # What is defined stands among statements, and most of a tree are expressions.
        if not isinstance(child, ast.expr):
            yield from docstrings(child, prefix)


def printed_by(source: str, module: ModuleType) -> str:
    """Run Python in a module, and return what it printed."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(source, "net.py", "exec", dont_inherit=True), vars(module))
    return printed.getvalue()


def steady(text: str) -> str:
    """Strip what differs from run to run, or is not seen: times, rates, and spaces at the ends of lines."""
    for pattern, instead in TIMES:
        text = pattern.sub(instead, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def wrong_blocks(page: str, module: ModuleType) -> Iterator[str]:
    """Run the Python of a page in order, in one module, and name the blocks that print something else than it says."""
    for block in blocks(page):
        if block.language == "python":
            block.save(Path())
            yield block.differs(printed_by(block.source, module))

"""What is in a library, for people: each module, each component, and what its ports are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TextIO


def show_catalogue(catalogue: Sequence[dict[str, Any]], stream: TextIO) -> None:
    """Print what is in the modules of a library; on a terminal, names stand out."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line, style in _lines(catalogue):
        console.print(Text(line, style))


def _lines(catalogue: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for module in catalogue:
        doc = f": {module['doc']}" if module["doc"] else ""
        yield f"{module['module']}{doc}", "bold"
        for member in module["members"]:
            doc = f": {member['doc']}" if member["doc"] else ""
            yield f"  {member['name']} ({member['kind']}){doc}", ""
            for line in _aligned(member["ports"]):
                yield f"    {line}", "dim"
        yield "", ""


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()

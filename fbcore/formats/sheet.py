"""A report on one screen, whatever shows it: a heading with a verdict, and tables of short texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Tone = Literal["good", "doubtful", "bad"]
"""What a heading says: all is well, look at it, it went wrong."""

Row = tuple[str, ...]


class Table:
    """One table of a sheet, with a title or "".

    `numbers` are the columns that hold numbers. `more` counts rows that were left out. `folded`: it is of less
    interest. `whole`: the last column is to be read in full, where there is little room too. `notes` has longer
    texts, one for each row, or nothing.
    """

    __slots__ = ("folded", "head", "more", "notes", "numbers", "rows", "title", "whole")

    def __init__(
        self,
        title: str,
        head: Row,
        rows: Sequence[Row],
        *,
        numbers: Sequence[int] = (),
        more: int = 0,
        folded: bool = False,
        whole: bool = False,
        notes: Sequence[str] = (),
    ) -> None:
        self.title = title
        self.head = head
        self.rows = rows
        self.numbers = frozenset(numbers)
        self.more = more
        self.folded = folded
        self.whole = whole
        self.notes = notes


class Sheet:
    """A heading (what it is about, a verdict with its tone or "", and a remark), a sentence about it, and tables."""

    __slots__ = ("name", "reason", "remark", "tables", "tone", "verdict")

    def __init__(self, name: str, verdict: str, tone: Tone, remark: str, reason: str, tables: Sequence[Table]) -> None:
        self.name = name
        self.verdict = verdict
        self.tone = tone
        self.remark = remark
        self.reason = reason
        self.tables = tables

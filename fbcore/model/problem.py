"""What is wrong with a graph, with its place and its mend."""

from __future__ import annotations

from fbcore.model.address import Place


class Problem:
    """Something wrong with a graph: an error when it cannot run, else a warning."""

    __slots__ = ("address", "hint", "is_error", "place", "what")

    def __init__(self, what: str, address: str, place: Place, hint: str, *, is_error: bool = True) -> None:
        self.what = what
        self.address = address
        self.place = place
        self.hint = hint
        self.is_error = is_error

    def __str__(self) -> str:
        level = "error" if self.is_error else "warning"
        what = f"{self.address}: {self.what}" if self.address else self.what
        # What is given as data stands in no file.
        place = f" ({self.place})" if self.place.file else ""
        return f"{level}: {what}{place}\n    hint: {self.hint}"

    def __repr__(self) -> str:
        return f"Problem({str(self)!r})"

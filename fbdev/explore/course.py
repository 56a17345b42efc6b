"""How far an exploration has come in each of its searches."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from fbdev.explore.record import CourseRecord

Kind = Literal["states", "orders", "races", "samples"]


class Keepable(Protocol):
    """A search whose record can be taken whenever it stands still, be it that it was interrupted."""

    def record(self) -> Any:
        """Return what is needed to go on from here."""
        ...


class Course:
    """What each search begins from, and which searches run; `kept` is what is known of those that do not."""

    def __init__(self, kept: CourseRecord | None = None, *, is_kept: bool = False) -> None:
        self.kept = kept or CourseRecord()
        self._is_kept = is_kept
        self._running: dict[Kind, Keepable] = {}

    def runs(self, kind: Kind, search: Keepable) -> None:
        """Note that a search is about to run, which has begun from what is kept of it."""
        self._running[kind] = search

    def settle(self) -> None:
        """Take the records of the searches that ran, and let go of these."""
        for kind, search in list(self._running.items()):
            if self._is_kept:
                setattr(self.kept, kind, search.record())
            del self._running[kind]

    def forget(self, kind: Kind) -> None:
        """Begin a search anew when it is made next."""
        self._running.pop(kind, None)
        setattr(self.kept, kind, None)

    def begin_anew(self) -> None:
        """Forget how far all searches have come; what they turned away from they do not turn to again."""
        self.forget("states")
        self.forget("orders")
        self.kept.proven = -1

    def record(self) -> CourseRecord:
        """Return all that is known, those searches included that were interrupted."""
        found = {kind: search.record() for kind, search in self._running.items()}
        kept = self.kept
        return CourseRecord(
            kept.unreadable,
            kept.unreduced,
            kept.proven,
            kept.reads,
            found.get("states", kept.states),
            found.get("orders", kept.orders),
            found.get("races", kept.races),
            found.get("samples", kept.samples),
        )

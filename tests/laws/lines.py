"""The parts of the reference that packets are in: edges, inputs and configs of nodes."""

from __future__ import annotations

from collections import deque

from tests.laws.plan import PlannedEdge
from tests.laws.story import Id


class Item:
    """A packet of the reference."""

    __slots__ = ("id", "text")

    def __init__(self, id: Id, text: str) -> None:
        self.id = id
        self.text = text


class Line:
    """An edge of the reference."""

    def __init__(self, planned: PlannedEdge) -> None:
        self.planned = planned
        self.address = planned.address
        self.source, self.target = planned.source, planned.target
        self.put: list[Item] = []
        self.taken = 0
        self.refused = 0
        self.finished = self.refusing = self.half_fed = False

    @property
    def lying(self) -> list[Item]:
        """What lies on the edge; nothing does on the way out of the graph."""
        return self.put[self.taken :]

    @property
    def is_full(self) -> bool:
        """Whether a sender has to wait."""
        return self.planned.capacity is not None and len(self.put) - self.taken >= self.planned.capacity

    def refuse(self, *, half_fed: bool = False) -> None:
        """Take nothing any more."""
        if not self.refusing:
            self.refusing, self.half_fed = True, half_fed


class Inlet:
    """An input of a node: its edges, and the order in which packets arrived."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.arrivals: deque[Line] = deque()
        self.flushed = self.half_fed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing can come any more, besides what lies here."""
        return self.flushed or all(line.finished for line in self.lines)

    @property
    def is_drained(self) -> bool:
        """Whether nothing lies here, and nothing can come."""
        return self.is_closed and not self.arrivals

    def take(self) -> tuple[Line, Item]:
        """Take the packet that arrived first."""
        line = self.arrivals.popleft()
        line.taken += 1
        return line, line.put[line.taken - 1]

    def close(self) -> None:
        """Take nothing any more."""
        for line in self.lines:
            line.refuse(half_fed=self.half_fed)

    def flush(self) -> None:
        """Take what lies here, and end then."""
        self.flushed = True
        self.close()


class Knob:
    """A config of a node: its value, None before it has one, and the newest that its node has not seen."""

    def __init__(self, lines: list[Line], value: str | None) -> None:
        self.lines = lines
        self.value = value
        self.news = value
        self.flushed = False

    @property
    def is_closed(self) -> bool:
        """Whether no other value can come."""
        return self.flushed or all(line.finished for line in self.lines)

    def turn(self, value: str) -> None:
        """Have another value from now on."""
        self.value = self.news = value

    def close(self) -> None:
        """Take no other value any more."""
        for line in self.lines:
            line.refuse()

    def flush(self) -> None:
        """Say that no other value comes."""
        self.flushed = True
        self.close()

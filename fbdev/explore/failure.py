"""What can be wrong with an execution."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FailureKind = Literal["deadlock", "livelock", "invariant", "end", "exception", "sentinel"]


@dataclass(slots=True)
class Failure:
    """What went wrong, and by which schedule: the processes, in the order of their steps.

    `circle` is, for a livelock, the schedule that can go on for ever after `schedule`.
    """

    kind: FailureKind
    what: str
    schedule: tuple[str, ...]
    labels: tuple[str, ...] = ()
    state: Mapping[str, str] = field(default_factory=dict)
    process: str = ""
    circle: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()
    trace: str = ""

    @property
    def switches(self) -> int:
        """How often the schedule goes on with another process."""
        return switches(self.schedule)

    def is_like(self, other: Failure) -> bool:
        """Tell whether another failure is the same thing gone wrong, be it by another schedule."""
        return (self.kind, self.process) == (other.kind, other.process)

    def as_dict(self) -> dict[str, Any]:
        """Return the failure as plain data."""
        return {
            "kind": self.kind,
            "what": self.what,
            "schedule": list(self.schedule),
            "labels": list(self.labels),
            "switches": self.switches,
            "state": dict(self.state),
            "circle": list(self.circle),
            "cause": list(self.cause),
            "trace": self.trace,
        }


def switches(schedule: tuple[str, ...]) -> int:
    """Count how often a schedule goes on with another process."""
    return sum(one != other for one, other in itertools.pairwise(schedule))

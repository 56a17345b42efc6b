"""What an exploration says in the end, and what it takes for granted when it says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fbdev.explore.words import ExploreError


class VerdictKind(StrEnum):
    """How sure the answer is.

    Example:
        from fbdev.explore import VerdictKind

        print([kind.value for kind in VerdictKind])
        #> ['holds', 'holds within', 'sampled', 'bug', 'inconclusive']
    """

    HOLDS = "holds"
    HOLDS_WITHIN = "holds within"
    SAMPLED = "sampled"
    BUG = "bug"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Given:
    """Something that a verdict takes for granted: its name, for `assert_holds`, and what it is.

    `is_usual` is what every exploration takes for granted, and tests as far as it can.
    """

    name: str
    what: str
    is_usual: bool = False


DETERMINISTIC = Given("deterministic", "processes are deterministic between steps", is_usual=True)
GRANULARITY = Given("granularity", "nothing comes between two yields", is_usual=True)
OF_TASKS = Given("granularity", "nothing comes between two waits of a task", is_usual=True)
OF_NODES = Given("granularity", "nothing comes between two turns of a node", is_usual=True)
REACHABLE = Given("reachable", "processes share only what can be reached from them", is_usual=True)
ANNOUNCED = Given("announced", "the accesses announced are all there are")
SNAPSHOT = Given("snapshot", "the snapshot reads all that processes share")
LABELS = Given("labels", "a label tells all that a process is going to do")
NAMES = Given("names", "processes that share a name are alike")
SETS_OF_TEXT = Given("hash seed", "sets of text are in the order that they have in this process", is_usual=True)
CONTINUED = Given("continued", "the program is the one that was explored before", is_usual=True)

CAN_BE_ACCEPTED = ("announced", "clock", "labels", "names", "preemptions", "sampled", "snapshot", "steps", "unseen")
"""The givens that are not usual; and `sampled`, a kind of verdict that proves nothing."""


def check_accepted(names: Iterable[str]) -> None:
    """Refuse a given that there is not.

    Raises:
        ExploreError: naming those that there are.
    """
    for name in names:
        if name not in CAN_BE_ACCEPTED:
            raise ExploreError(f"{name!r} cannot be accepted", "", f"there are {', '.join(CAN_BE_ACCEPTED)}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: its kind, its bound or why there is none, and its givens."""

    kind: VerdictKind
    detail: str = ""
    givens: tuple[Given, ...] = ()

    def __str__(self) -> str:
        said = self.kind.value
        if self.detail:
            said += f" {self.detail}" if self.kind is VerdictKind.HOLDS_WITHIN else f": {self.detail}"
        return f"{said} (given: {'; '.join(given.what for given in self.givens)})" if self.givens else said

    def is_accepted(self, accepted: frozenset[str]) -> bool:
        """Tell whether it says that the program holds, and takes nothing unusual for granted but what is accepted."""
        if self.kind is not VerdictKind.HOLDS and self.kind is not VerdictKind.HOLDS_WITHIN:
            return self.kind is VerdictKind.SAMPLED and "sampled" in accepted and self._are_accepted(accepted)
        return self._are_accepted(accepted)

    def _are_accepted(self, accepted: frozenset[str]) -> bool:
        return all(given.is_usual or given.name in accepted for given in self.givens)

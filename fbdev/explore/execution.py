"""One execution: processes, of which one at a time makes a step that the explorer chooses."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from fbdev.explore.failure import FailureKind
from fbdev.explore.shared import Use
from fbdev.explore.words import Accesses, Step


class Fault(NamedTuple):
    """What is wrong with an end: kind of failure, what, whose, and the traceback where there is one."""

    kind: FailureKind
    what: str
    process: str = ""
    trace: str = ""


class ForeignError(Exception):
    """A process wants what no explorer can step: a thread, a socket; it never leaves the explorer."""


class Execution(Protocol):
    """What the searches drive, whatever the processes are made of.

    An execution is made anew by its factory, is driven forward only, and is closed when it has ended or is given up.
    """

    sentinel_error: Exception | None
    """What the sentinel raised after the last step; whoever takes it sets it to None."""

    @property
    def available(self) -> Sequence[str]:
        """The processes that can make a step, in order of creation; the sentinel is never among them."""
        ...

    @property
    def state(self) -> Mapping[str, str]:
        """What each process has reached: its label, or how it ended."""
        ...

    @property
    def waiting(self) -> Mapping[str, Accesses]:
        """The processes that wait and cannot make a step, and what their next steps will touch."""
        ...

    @property
    def accesses(self) -> Accesses:
        """What the last step touched."""
        ...

    @property
    def woken(self) -> Sequence[str]:
        """The processes whose next step comes after the last one in every order: it created or woke them."""
        ...

    @property
    def withdrawn(self) -> Sequence[str]:
        """The processes whose next step the last one took back and replaced by another, as a timer armed anew."""
        ...

    @property
    def shared(self) -> Any:
        """What the factory says that the processes share, for invariants to look at."""
        ...

    @property
    def endings(self) -> Mapping[str, Step]:
        """The last steps of the processes that have ended."""
        ...

    @property
    def uses(self) -> Sequence[Use]:
        """What the last step used and where, of an execution that was begun to note this."""
        ...

    def pending(self, process: str) -> Accesses:
        """Return what the next step of a process is known to touch, or None where this is not known before."""
        ...

    def has_waited(self, process: str) -> bool:
        """Tell whether a process has said last that it waits, be it over or not."""
        ...

    def place(self, process: str) -> str:
        """Return file and line that a process has come to, or "" where there is none."""
        ...

    def fault(self) -> Fault | None:
        """Return what is wrong with how the execution ended, besides processes that wait."""
        ...

    def deadlock(self) -> str:
        """Say who waits for what, and who holds it, when no process can make a step and some wait."""
        ...

    def hidden_sharing(self) -> Mapping[str, set[str]]:
        """Return what several processes can reach and nobody sees into, and the processes, in the present state."""
        ...

    def data(self) -> Mapping[str, Mapping[str, str]]:
        """Return what there is to see of this state, as short texts by group and name.

        A group is a process and the names its variables, or what several processes share.
        """
        ...

    def unnoted(self) -> AbstractContextManager[None]:
        """Return a context in which what is shared is looked at, and no process has done it."""
        ...

    def next(self, process: str) -> Step:
        """Let a process make a step. It never raises what the process raises."""
        ...

    def replay(self, path: Sequence[str]) -> None:
        """Make the steps of a path that is known to fit, as fast as can be."""
        ...

    def key(self) -> Hashable:
        """Return what tells this state from others: all that can make a difference from now on.

        Raises:
            NotWholeError: when something in it cannot be seen.
        """
        ...

    def labels_key(self) -> Hashable:
        """Return the labels of all processes, and nothing else."""
        ...

    def end_key(self) -> Hashable:
        """Return what tells this end from others: how each process ended or what it waits for, and what they share."""
        ...

    def close(self) -> None:
        """Give the execution up: what still runs is ended."""
        ...


def read_state(execution: Execution) -> Hashable:
    """Return all that can make a difference from now on."""
    return execution.key()


def read_labels(execution: Execution) -> Hashable:
    """Return the labels alone."""
    return execution.labels_key()

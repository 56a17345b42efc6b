"""One execution: processes, of which one at a time makes a step that the explorer chooses."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol

from fbdev.explore.words import Accesses, Step


class Execution(Protocol):
    """What the searches drive, whatever the processes are made of.

    An execution is made anew by its factory, is driven forward only, and is closed when it has ended or is given up.
    """

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
    def created(self) -> Sequence[str]:
        """The processes that the last step created."""
        ...

    @property
    def shared(self) -> Any:
        """What the factory says that the processes share, for invariants to look at."""
        ...

    @property
    def sentinel_error(self) -> Exception | None:
        """What the sentinel raised after the last step."""
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

    def end_key(self) -> Hashable:
        """Return what tells this end from others: how each process ended or what it waits for, and what they share."""
        ...

    def close(self) -> None:
        """Give the execution up: what still runs is ended."""
        ...

"""What is explored: the factory, and what is asked of its executions."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fbdev.explore.hooks import Hooks
from fbdev.explore.naming import Remap
from fbdev.explore.verdict import GRANULARITY, SETS_OF_TEXT, Given

if TYPE_CHECKING:
    from fbdev.explore.reading import Reader

Check = Callable[[Any], object]
Sentinel = Callable[[Any], Generator[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Checks:
    """What must hold of each execution."""

    invariant: Check | None = None
    at_end: Check | None = None
    sentinel: Sentinel | None = None
    allowed: tuple[type[BaseException], ...] = ()


class Program:
    """A factory with its checks, and what has been learned of it while it ran."""

    def __init__(
        self,
        factory: Any,
        checks: Checks | None = None,
        *,
        remap: Remap | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        checks = checks or Checks()
        self.factory = factory
        self.invariant = checks.invariant
        self.at_end = checks.at_end
        self.sentinel = checks.sentinel
        self.allowed = checks.allowed
        self.remap = remap
        self.hooks = hooks
        self.roots = tuple(each for each in (self.invariant, self.at_end) if each is not None)
        self.unseen: set[str] = set()
        """Processes that share something that the explorer cannot see into: their silent steps touch anything."""
        self.names_objects = False
        """Some process has announced an access to an object that has no name."""
        self.announces = False
        """Some process has announced an access: what it says cannot be checked."""
        self.random_state: Any = None
        """What `random` begins with in each execution, when processes draw from it."""
        self.reduces = False
        """Steps of a net that no other can race with are made first, and alone."""
        self.known: Any = None
        """What is known of a net and all its executions."""
        self.stepping: Any = None
        """How nets are stepped, when not in the usual way."""
        self.learns = False
        """The search that runs is to begin anew when something is learned of a net."""
        self.tells = False
        """Steps are to say what they did, in words."""
        self.winds_up = True
        """A net that is cancelled is led to its end in one order, for fbcore has decided by then how it ends."""
        self.has_snapshot = False
        """The user reads what is shared, instead of the explorer."""
        self.passes: Callable[[BaseException], bool] | None = None
        """Tells which exceptions of processes and checks are no failures, but end the exploration and are raised."""
        self.is_net = False
        """What is explored is one net, and nothing else."""
        self.is_on_loop = False
        """There are coroutines among the processes."""
        self.granularity = GRANULARITY
        """What a step is."""
        self.why_unseen = ""
        """Why nobody can see what steps touch, if nobody can."""
        self.has_sets_of_text = False
        """Some state holds a set whose order depends on how Python hashes text."""
        self._caches: dict[int, Any] = {}
        self._around: Callable[[], AbstractContextManager[None]] | None = None
        self._kept: ExitStack | None = None
        self.conditions_fail = False
        """Some condition that a process waited for has raised."""

    def in_words(self, givens: Iterable[Given]) -> tuple[Given, ...]:
        """Say what is taken for granted, in the words for these processes."""
        found = [self.granularity if each is GRANULARITY else each for each in givens]
        has_sets = self.has_sets_of_text or (self.known is not None and self.known.has_sets_of_text)
        if has_sets and not os.environ.get("PYTHONHASHSEED", "").isdigit():
            found.append(SETS_OF_TEXT)
        return tuple(dict.fromkeys(found))

    def note_read(self, reader: Reader) -> None:
        """Hear what was met when a state was read."""
        self.has_sets_of_text |= reader.has_sets_of_text
        for cache in reader.caches:
            self._caches[id(cache)] = cache

    def empty_caches(self) -> None:
        """Let the caches of functools that processes reach be as if nobody had asked for anything."""
        for cache in self._caches.values():
            cache.cache_clear()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what executions need around them, until the exploration is over."""
        with ExitStack() as self._kept:
            if self._around is not None:
                self._kept.enter_context(self._around())
            yield
        self._kept = None

    def needs(self, around: Callable[[], AbstractContextManager[None]]) -> None:
        """Hear what all executions need around them, for as long as it is explored."""
        self._around = around
        if self._kept is not None:
            self._kept.enter_context(around())

    def leave(self, error: BaseException) -> None:
        """Raise what a process or a check has raised, if it is no failure, but ends the exploration."""
        if self.passes is not None and self.passes(error):
            raise error

    @property
    def name(self) -> str:
        """What the program is called: as its net, or as the function that makes its processes."""
        graph = getattr(self.factory, "graph", None)
        name = getattr(graph or self.factory, "name", "") or getattr(self.factory, "__name__", "")
        return "processes" if name in ("", "<lambda>") else str(name)

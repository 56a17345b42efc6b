"""What is known of a net that is explored: what its nodes can reach besides their ports, and who was seen to use it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fbcore.model.flat import Flat, flatten
from fbcore.model.graph import Graph
from fbcore.model.packet import Each
from fbdev.explore.places import Place, is_of_user
from fbdev.explore.program import Program
from fbdev.explore.reach import MOST, Reach
from fbdev.explore.shared import SURROUNDINGS
from fbdev.explore.verdict import Given


class LearnedError(Exception):
    """Something was learned of a net that the search did not reckon with: it begins anew; never leaves the explorer."""


@contextmanager
def learning(program: Program) -> Iterator[None]:
    """Have the search that runs in this context begin anew when something is learned of a net."""
    program.learns = True
    try:
        yield
    finally:
        program.learns = False


class Known:
    """What all executions of a net have in common.

    `places` can be changed behind the ports, and `reachers` are the nodes that reach each; before every execution they
    are put back to what they were at first. `unseen` are nodes that use what others use too: nothing is left out of
    their orders. `apart` are nodes that ask for the time, arm timers, or end before their inputs do: for them it
    matters when others send to them, or take from them. `has_sets_of_text` says that one of them may go through a set
    of text. `is_aliased` says that packets were changed after they had been sent: from then on it counts which are one
    object. `is_timed` says that somebody asks for the time. `done` is what the last execution had done that ended.
    """

    def __init__(
        self, graph: Graph, inputs: Mapping[str, Any], configs: Mapping[str, Any], skipped: Iterable[object] = ()
    ) -> None:
        self.skipped = tuple(skipped)
        self.places: dict[Hashable, Place] = {}
        self.reachers: dict[Hashable, set[str]] = {}
        self.unseen: set[str] = set()
        self.apart: set[str] = set()
        self.has_sets_of_text = False
        self.is_aliased = False
        self.is_timed = False
        self.learns = False
        self.done: tuple[int, ...] = ()
        self._found: dict[str, set[str]] = {}
        self._opaque: dict[int, tuple[str, set[str]]] = {}
        self._changed: dict[str, None] = {}
        self._not_put_back: dict[str, None] = {}
        self._cut: set[str] = set()
        self._alive: list[Reach] = []
        flat = flatten(graph)
        self._look(flat)
        given = {f"inputs.{name}": each.items if isinstance(each, Each) else each for name, each in inputs.items()}
        given |= {f"configs.{name}": each for name, each in configs.items()}
        given |= {f"the packet {'.'.join(map(str, end))}": each for end, each in flat.initials.items()}
        named = [*given.items(), *((f"the config {end[1]}", each) for end, each in flat.values.items())]
        for name, each in named:
            for place in self._reach(each, name):
                self.add(place)
        if (around := SURROUNDINGS.get()) is not None:
            has_objects = any(is_of_user(type(place.holder)) for place in self.places.values())
            around.is_silent = not has_objects and not any(reach.names_any for reach in self._alive)

    def _look(self, flat: Flat) -> None:
        walks, around = {}, SURROUNDINGS.get()
        for address, spec in flat.nodes.items():
            walks[address] = reach = Reach(self.skipped).of(spec.component.target)
            self._alive.append(reach)
        stores = set().union(*(reach.stores for reach in walks.values()))
        may_bind_any = any(reach.can_bind_any for reach in walks.values())
        for address, reach in walks.items():
            self.has_sets_of_text |= reach.has_sets_of_text
            if reach.is_cut:
                self._cut.add(address)
            for what in reach.asks if around is not None else ():
                around.unheard.setdefault(what, set()).add(address)
            for place in reach.places.values():
                if may_bind_any or place.can_change(stores):
                    self.add(place, address)
            for identity, name in reach.opaque.items():
                self._opaque.setdefault(identity, (name, set()))[1].add(address)

    def _reach(self, value: object, name: str) -> list[Place]:
        reach = Reach(self.skipped).of(value, name)
        self._alive.append(reach)
        self.has_sets_of_text |= reach.has_sets_of_text
        return list(reach.places.values())

    def add(self, place: Place, address: str = "") -> Place:
        """Take in a place that a node reaches, or one that only has to be put back."""
        mine = self.places.setdefault(place.key, place)
        if address:
            self.reachers.setdefault(place.key, set()).add(address)
        return mine

    def put_back(self) -> None:
        """Let everything be as it was at first."""
        for place in self.places.values():
            if not place.put_back():
                self._not_put_back[place.name] = None

    # -- what was seen -----------------------------------------------------------------------------------

    def note_change(self, place: Place) -> None:
        """Hear that something has changed that only one node reaches."""
        self._changed[place.name] = None

    def note_shared(self, what: str, nodes: set[str]) -> None:
        """Hear that one of several nodes has changed what all of them can reach.

        Raises:
            LearnedError: it was not known of one of them, and orders were left out, or states told apart, for that.
        """
        self._found.setdefault(what, set()).update(nodes)
        if nodes <= self.unseen and self.is_aliased:
            return
        self.unseen |= nodes
        self.is_aliased = True
        if self.learns:
            raise LearnedError

    def note_apart(self, nodes: Iterable[str]) -> None:
        """Hear that it matters when others send to these nodes, or take from them.

        Raises:
            LearnedError: it was not known of one of them, and orders were left out for that.
        """
        new = set(nodes) - self.apart
        self.apart |= new
        if new and self.learns:
            raise LearnedError

    def note_clock(self) -> None:
        """Hear that some component asks for the time: from now on it is a part of the state.

        Raises:
            LearnedError: it was not known, and states were told apart without it.
        """
        if not self.is_timed:
            self.is_timed = True
            if self.learns:
                raise LearnedError

    def shared(self) -> dict[str, set[str]]:
        """Return what was seen to be changed by one node while others reach it, and the nodes."""
        return {what: set(nodes) for what, nodes in self._found.items()}

    def contents(self) -> dict[str, object]:
        """Return what was seen to change behind the ports, as it is now: not of things that no node has touched."""
        seen = {*self._found, *self._changed}
        return {place.name: place.content() for place in self.places.values() if place.name in seen}

    def learned(self) -> tuple[list[str], bool, dict[str, list[str]], list[str]]:
        """Return what was seen, for `learn` in another process."""
        found = {what: sorted(nodes) for what, nodes in self._found.items()}
        return sorted(self.unseen), self.is_aliased, found, list(self._changed)

    def learn(
        self, unseen: Iterable[str], is_aliased: bool, found: Mapping[str, Iterable[str]], changed: Iterable[str]
    ) -> None:
        """Take what was seen in another process for seen in this one."""
        self.unseen.update(unseen)
        self.is_aliased |= is_aliased
        self._changed.update(dict.fromkeys(changed))
        for what, nodes in found.items():
            self._found.setdefault(what, set()).update(nodes)

    def notes(self) -> list[str]:
        """Say what was found."""
        notes = [
            f"{' and '.join(sorted(nodes))} share {what} behind their ports: every order of their steps was tried"
            for what, nodes in self._found.items()
        ]
        return notes + [f"{what} begins anew in each execution" for what in self._changed]

    def givens(self) -> list[Given]:
        """Return what must be taken for granted, for nobody can see it."""
        reached = [(name, " and ".join(sorted(addresses))) for name, addresses in self._opaque.values()]
        what = [f"{name}, which {who} can reach and nobody sees into, makes no difference" for name, who in reached]
        what += [f"{name}, which cannot be put back, makes no difference" for name in self._not_put_back]
        what += [f"what {each} reaches beyond {MOST:,} objects makes no difference" for each in sorted(self._cut)]
        return [Given("unseen", each) for each in what]

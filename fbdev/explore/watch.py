"""Seeing, in one execution of a net, which nodes use what others can reach, though it came by no port.

After every step all that several nodes can reach is compared with what it was before: a closure's variables, globals,
class attributes, defaults, configs; and packets that went two ways, or that their sender still holds. Whoever makes
a step that changes such a thing is dependent, and so are all who can reach it.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from typing import Any

from fbcore.model.packet import NOTHING
from fbcore.net.edge import Edge
from fbcore.net.node import Node
from fbcore.net.trace import Move
from fbcore.runtimes.stepping import Stepping
from fbdev.explore.known import Known
from fbdev.explore.places import PLAIN, Place, kind_of
from fbdev.explore.reach import Reach
from fbdev.explore.reading import Reader

_OUTSIDE = ("input", "initial")
"""Components that send and never look at what they send."""


class _Spread:
    """An object that went by a port, and that several can reach since: by its name, and who they are."""

    __slots__ = ("holders", "name", "place")

    def __init__(self, name: tuple[str, int, int], place: Place, holders: set[str]) -> None:
        self.name = name
        self.place = place
        self.holders = holders


class Watch:
    """Watches one execution; tells `known` what it sees."""

    def __init__(self, known: Known, stepping: Stepping, *, draws: bool) -> None:
        self._known = known
        self._stepping = stepping
        self._nodes = {node.address: node for node in stepping.net.nodes}
        self._statics = list(known.places.values())
        self._numbers: dict[Hashable, Hashable] = {place.key: number for number, place in enumerate(self._statics)}
        self._reachers = {key: set(nodes) for key, nodes in known.reachers.items()}
        self._spread: dict[Hashable, _Spread] = {}
        self._fed: dict[Hashable, set[str]] = {}
        self._chains: dict[str, int] = {}
        self._checkpoint: object = None
        self._kept: list[object] = []
        self._random = random.getstate() if draws else None
        self._drawers: set[str] = set()
        self._changed: set[Hashable] = set()
        for node in stepping.net.nodes:
            self._look_at_configs(node)

    def _look_at_configs(self, node: Node) -> None:
        for name, config in node.configs.items():
            if config.value is NOTHING or kind_of(config.value) == "fixed":
                continue
            inside = self._walk(config.value, f"the config {name}").places.values()
            for number, place in enumerate(inside):
                self._take_in(place, (node.address, name, number))
                self._reachers.setdefault(place.key, set()).add(node.address)

    def _take_in(self, place: Place, number: Hashable) -> None:
        if place.key not in self._numbers:
            self._statics.append(place)
            self._numbers[place.key] = number

    def _walk(self, value: object, name: str) -> Reach:
        reach = Reach(self._known.skipped).of(value, name)
        self._kept.append(reach)
        self._known.has_sets_of_text |= reach.has_sets_of_text
        return reach

    # -- steps -------------------------------------------------------------------------------------------

    def before(self, address: str) -> None:
        """Hear that a node is about to make a step: what it can read behind its ports is a part of its past."""
        self._checkpoint = self._stepping.trails[address].checkpoint if address else None
        has_content = self._changed or (self._spread and self._known.is_aliased)
        if address and has_content and (found := self._content(address)) is not None:
            self._chains[address] = hash((self._chains.get(address, 0), found))

    def after(self, address: str, moves: Sequence[Move]) -> None:
        """Look at what a step of a node has changed, and at what it has sent.

        Raises:
            LearnedError: something is shared that was not known to be.
        """
        for place in self._statics:
            if place.take():
                self._changed.add(place.key)
                self._note(place, self._reachers.get(place.key, set()), address)
        for spread in list(self._spread.values()) if self._spread else ():
            if spread.place.take():
                self._note(spread.place, spread.holders, address)
        if moves:
            self._look_at_sends(moves)
        if self._random is not None and (now := random.getstate()) != self._random:
            self._random = now
            self._drawers.add(address)
            if len(self._drawers) > 1:
                self._known.note_shared("the numbers of random", set(self._drawers))
        if address in self._chains:
            self._forget(address)

    def _note(self, place: Place, holders: set[str], address: str) -> None:
        involved = holders | ({address} if address else set())
        if len(involved) < 2:
            self._known.note_change(place)
            return
        # What lies in it now can be reached by all of them.
        for part in place.last:
            for number, inner in enumerate(self._walk(part, place.name).places.values()):
                if inner.key not in self._reachers:
                    name = (place.name, number, len(self._spread))
                    self._spread.setdefault(inner.key, _Spread(name, inner, set())).holders.update(involved)
        self._known.note_shared(place.name, involved)

    def _forget(self, address: str) -> None:
        """A function that wants its next packet has kept nothing of what it has read."""
        node, trail = self._nodes[address], self._stepping.trails[address]
        if node.ended or (node.is_exact and trail.checkpoint is not self._checkpoint):
            del self._chains[address]

    # -- what is sent ------------------------------------------------------------------------------------

    def _look_at_sends(self, moves: Sequence[Move]) -> None:
        sent: dict[tuple[str, int], list[Move]] = {}
        for move in moves:
            if move.verb == "sent" and type(move.value) not in PLAIN and kind_of(move.value) != "fixed":
                sent.setdefault((move.node, id(move.value)), []).append(move)
        for (address, _), ways in sent.items():
            value = ways[0].value
            inside = self._walk(value, f"the packet {ways[0].id.birthplace} {ways[0].id.number}")
            if inside.places:
                self._look_at_send(self._nodes[address], inside, ways)

    def _look_at_send(self, sender: Node, inside: Reach, ways: Sequence[Move]) -> None:
        targets = {self._target(move.edge) for move in ways}
        is_outside = sender.component in _OUTSIDE
        held = set() if is_outside else self._grasp(sender).keys()
        for number, place in enumerate(inside.places.values()):
            holders = targets | self._reachers.get(place.key, set()) | self._fed.get(place.key, set())
            if place.key in held:
                holders.add(sender.address)
            if is_outside:
                self._fed.setdefault(place.key, set()).update(targets)
                self._known.add(place)
                self._take_in(place, list(self._known.places).index(place.key))
            if place.key in self._spread:
                self._spread[place.key].holders.update(holders)
            elif len(holders) > 1:
                name = (ways[0].id.birthplace, ways[0].id.number, number)
                self._spread[place.key] = _Spread(name, place, holders)

    def _target(self, edge: str) -> str:
        return edge.partition("->")[2].rpartition(".")[0] if "->outputs." not in edge else edge.partition("->")[2]

    def _grasp(self, node: Node) -> dict[Hashable, Place]:
        """Return all that a node can reach now: by its coroutines, its memories, and behind its ports."""
        reach = Reach(self._known.skipped)
        tasks = [node.task, *node.tasks._tasks]
        for task in tasks:
            if task is not None and not task.done():
                reach.of(task.get_coro())
        for cell in node.memories.values():
            reach.of(cell.peek())
        for kept in node.kept.values():
            reach.of(kept)
        for place in self._statics:
            if node.address in self._reachers.get(place.key, ()):
                for part in place.last:
                    reach.of(part)
        return reach.places

    # -- the state ---------------------------------------------------------------------------------------

    def _content(self, address: str = "") -> Hashable:
        """Return what lies in places that were changed (of a node, those that it can reach), or None for nothing."""
        statics = [
            (self._numbers[place.key], place)
            for place in self._statics
            if place.key in self._changed
            and not place.is_first
            and (not address or address in self._reachers.get(place.key, ()))
        ]
        spread = sorted(self._spread.values(), key=lambda each: each.name) if self._known.is_aliased else []
        if address:
            spread = [each for each in spread if address in each.holders]
        if not statics and not spread:
            return None
        reader = Reader()
        for each in self._known.skipped:
            reader.skip(each)
        for number, place in statics:
            reader.tokens(number)
            for part in place.last:
                reader.add(part)
        for each in spread:
            reader.tokens(each.name)
            reader.add(each.place.holder)
        return reader.value()

    def key(self) -> Hashable:
        """Return what there is to the state behind the ports.

        Raises:
            NotWholeError: nobody can see into it.
        """
        content = self._content()
        if content is None and not self._chains and self._random is None:
            return None
        where = [(edge.address, self._named(edge)) for edge in self._stepping.net.edges] if self._spread else []
        return content, tuple(sorted(self._chains.items())), tuple(where), self._random

    def _named(self, edge: Edge) -> tuple[Any, ...]:
        return tuple(self._spread[id(each)].name if id(each) in self._spread else None for each in edge.values())

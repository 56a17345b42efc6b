"""A small synchronous interpreter of nets, to compare fbcore with; it shares no code with it.

It knows the rules of a running net: bounded edges, fan-out when every edge has room, fan-in in order of arrival,
closing both ways, firings that take all or none, configs, signals and messages, the port `error`, standstills and the
order of flushing, and it tells the story of every packet. A thread is a program of a node; each step fulfils one
request of one thread, which a chooser picks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from tests.laws.lines import Inlet, Item, Knob, Line
from tests.laws.plan import MESSAGES, Plan, PlannedNode, is_border, owner
from tests.laws.programs import (
    AT_ONCE,
    FORWARD,
    ConfigMissing,
    DemandEnded,
    Program,
    StreamEnded,
    initial_program,
    input_program,
    programs_of,
)
from tests.laws.standstill import Hold, flush_order, has_knot
from tests.laws.story import OUTSIDE, Story

MOST_STEPS = 100_000

Chooser = Callable[[Sequence["Thread"]], "Thread"]


class Thread:
    """A running program of a node, and what it asks for next; None when it has ended."""

    def __init__(self, node: str, program: Program) -> None:
        self.node = node
        self.program = program
        self.request: tuple[Any, ...] | None = ("start",)


class Reckoning:
    """How a net ends in the reference: to be compared with a result of fbcore."""

    def __init__(self, reference: Reference, steps: int) -> None:
        assert reference.outcome is not None
        self.outcome = reference.outcome
        self.steps = steps
        self.flushed = reference.flushed
        self.outputs = {name: list(values) for name, values in reference.outputs.items()}
        self.put = {line.address: [item.text for item in line.put] for line in reference.lines}
        self.taken = {line.address: line.taken for line in reference.lines}
        self.unread = {line.address: [item.text for item in line.lying] for line in reference.lines if line.lying}
        self.discarded = {port: count for port, count in reference.discarded.items() if count}
        # Producers that lost a consumer: it depends on the order how much they send in vain.
        self.cut = {owner(line.source) for line in reference.lines if line.refused or (line.refusing and line.lying)}
        self.is_half_fed = any(line.half_fed and (line.refused or line.lying) for line in reference.lines)
        self.story = reference.story
        self.story.end({})


class Reference:
    """One run of a net. `choose` picks the next of the threads that can go on; first come by default."""

    def __init__(self, plan: Plan, choose: Chooser | None = None) -> None:
        self.plan = plan
        self.choose = choose or in_turn()
        self.lines = [Line(edge) for edge in plan.edges]
        self.nodes = {node.id: node for node in plan.nodes}
        self.inlets = {(n.id, port): Inlet(self.lines_to(n.id, port)) for n in plan.nodes for port in plan.inlets(n)}
        self.knobs = {(n.id, name): self._knob(n, name) for n in plan.nodes for name in n.configs}
        self.outputs: dict[str, list[str]] = {line.target[1]: [] for line in self.lines if line.target[0] == "outputs"}
        self.threads = [Thread(node.id, program) for node in plan.nodes for program in programs_of(plan, node)]
        self.threads += [Thread(".".join(port), initial_program()) for port, _ in plan.initials]
        self.threads += [Thread(f"inputs.{name}", input_program(name, size)) for name, size in plan.inputs]
        self.discarded: dict[str, int] = {}
        self.flushed: list[str] = []
        self.stopped: set[str] = set()
        self.outcome: str | None = None
        self.story = Story()
        self.taken: dict[str, dict[str, list[Item]]] = {node.id: {} for node in plan.nodes}
        self._numbers: dict[str, int] = {}
        self._to_flush: list[str] | None = None
        for port, text in plan.initials:
            self._put(".".join(port), "out", text)

    def lines_to(self, node: str, port: str) -> list[Line]:
        """List the edges of an input."""
        return [line for line in self.lines if line.target == (node, port)]

    def _knob(self, node: PlannedNode, name: str) -> Knob:
        default = "d" if node.kind == "tint" else None
        lines = self.lines_to(node.id, name)
        return Knob(lines, default if lines else f"k{node.n}")

    def run(self) -> Reckoning:
        """Go on until the net has ended."""
        for steps in count():
            assert steps < MOST_STEPS, "the reference does not end"
            ready = [thread for thread in self.threads if thread.request is not None and self.can_go_on(thread)]
            if ready:
                self._fulfil(self.choose(ready))
            elif all(thread.request is None for thread in self.threads):
                self.outcome = self._good_end()
            else:
                self._stand_still()
            if self.outcome is not None:
                return Reckoning(self, steps)
        raise AssertionError

    def alive(self, node: str) -> bool:
        """Say whether a node has not ended."""
        return any(thread.request is not None for thread in self.threads if thread.node == node)

    def lines_from(self, node: str, port: str) -> list[Line]:
        """List the edges of an output."""
        return [
            line
            for line in self.lines
            if owner(line.source) == node and (is_border(line.source) or line.source[1] == port)
        ]

    def open_lines(self, node: str, port: str) -> list[Line]:
        """List the edges of an output whose consumers still take."""
        return [line for line in self.lines_from(node, port) if not line.refusing]

    def can_go_on(self, thread: Thread) -> bool:
        """Say whether a request can be fulfilled now."""
        what, *about = thread.request or ("nothing",)
        if what in ("send", "declare", "forward", "tell", "field"):
            return not any(line.is_full for line in self.open_lines(thread.node, about[0]))
        if what in ("receive", "any"):
            inlets = [self.inlets[thread.node, port] for port in about]
            holding, drained = [bool(i.arrivals) for i in inlets], [i.is_drained for i in inlets]
            return all(holding) or any(drained) if what == "receive" else any(holding) or all(drained)
        if what == "config":
            knob = self.knobs[thread.node, about[0]]
            return knob.value is not None or knob.is_closed
        if what == "change":
            knob = self.knobs[thread.node, about[0]]
            return knob.news is not None or knob.is_closed
        return True

    # -- one step ------------------------------------------------------------------------------------

    def _fulfil(self, thread: Thread) -> None:
        what, *about = thread.request or ("nothing",)
        if what in ("receive", "any"):
            self._receive(thread, about, any_of=what == "any")
        elif what in ("send", "declare", "forward", "tell", "field"):
            self._send(thread, what, *about)
        elif what in ("config", "change"):
            self._look(thread, self.knobs[thread.node, about[0]], at_change=what == "change")
        elif what == "stop":
            self.outcome = "stopped"
        elif what == "cancelled":
            thread.request = None
            thread.program.close()
            self._end(thread.node, at_once=True)
        else:
            self._advance(thread)

    def _receive(self, thread: Thread, ports: list[str], *, any_of: bool) -> None:
        inlets = [self.inlets[thread.node, port] for port in ports]
        if any_of:
            port = next((port for port, inlet in zip(ports, inlets, strict=True) if inlet.arrivals), None)
            if port is None:
                self._advance(thread, error=StreamEnded())
            else:
                self._advance(thread, (port, self._take(thread.node, port)))
        elif all(inlet.arrivals for inlet in inlets):
            self._advance(thread, [self._take(thread.node, port) for port in ports])
        else:
            for inlet in inlets:
                inlet.half_fed = len(inlets) > 1 and not inlet.is_drained
            self._advance(thread, error=StreamEnded())

    def _take(self, node: str, port: str) -> str:
        line, item = self.inlets[node, port].take()
        self.taken[node].setdefault(port, []).append(item)
        self.story.moved(item.id, line.address, node, f"{node}.{port}")
        return item.text

    def _look(self, thread: Thread, knob: Knob, *, at_change: bool) -> None:
        if at_change and knob.news is not None:
            news, knob.news = knob.news, None
            self._advance(thread, news)
        elif at_change:
            self._advance(thread, error=StreamEnded())
        elif knob.value is not None:
            self._advance(thread)
        else:
            self._advance(thread, error=StreamEnded() if thread.node in self.stopped else ConfigMissing())

    def _send(self, thread: Thread, what: str, port: str, value: Any = "", about: Any = ()) -> None:
        """Send by a port, in one of the ways of sending."""
        node = thread.node
        lines, open_lines = self.lines_from(node, port), self.open_lines(node, port)
        if port == "error" and not open_lines:
            self.outcome = "failed"
        elif lines and not open_lines:
            for line in lines:
                line.refused += 1
            if what != "tell" and self._counts_discarded(node):
                self._discard(node, port)
            is_idle = what == "tell" or (what == "field" and any(self.open_lines(node, other) for other in about))
            self._advance(thread, error=None if is_idle else DemandEnded())
        else:
            parents = about if what == "declare" else 0
            self._put(node, port, FORWARD if what == "forward" else value, parents=parents)
            self._advance(thread)

    def _counts_discarded(self, node: str) -> bool:
        return node not in self.nodes or not self.nodes[node].is_class

    def _put(self, node: str, port: str, value: Any, *, parents: int = 0) -> None:
        """Put a packet on every edge that has a consumer; all of them have room."""
        lines, place = self.lines_from(node, port), f"{node}.{port}" if node in self.nodes else node
        if not lines and port in (*MESSAGES, "rung"):
            return
        item = self._passed_on(node, place) if value is FORWARD else self._born(node, place, value, parents)
        if not lines:
            self._discard(node, port)
            self.story.discarded(item.id, node, place)
        elif len(lines) > 1 and value is not FORWARD:
            self.story.consumed(item.id, node, place)
        for line in lines:
            line.refused += line.refusing
        # All at once: where the packet stops a consumer, its other edges get it still.
        for line in self.open_lines(node, port):
            copy = item
            if len(lines) > 1:
                copy = Item((line.address, len(line.put)), item.text)
                self.story.copied(copy.id, item.id, node, place)
            self.story.moved(copy.id, node, line.address, place)
            self._arrive(line, copy)

    def _born(self, node: str, place: str, text: str, parents: int) -> Item:
        taken = self.taken.get(node, {})
        made_of = taken["value"][-parents:] if parents else [items[-1] for items in taken.values()]
        item = Item((place, self._next_number(place)), text)
        self.story.born(item.id, node, tuple(each.id for each in made_of))
        return item

    def _passed_on(self, node: str, place: str) -> Item:
        self._next_number(place)
        return self.taken[node]["value"][-1]

    def _next_number(self, place: str) -> int:
        self._numbers[place] = self._numbers.get(place, -1) + 1
        return self._numbers[place]

    def _arrive(self, line: Line, item: Item) -> None:
        line.put.append(item)
        node, port = line.target
        if (node, port) in self.inlets:
            self.inlets[node, port].arrivals.append(line)
            return
        line.taken += 1
        if node == "outputs":
            self.outputs[port].append(item.text)
            self.story.moved(item.id, line.address, OUTSIDE, f"outputs.{port}")
            return
        self.story.moved(item.id, line.address, node, f"{node}.{port}")
        if port == "stop":
            self._stop(node)
        else:
            self.knobs[node, port].turn(item.text)

    def _discard(self, node: str, port: str) -> None:
        address = f"{node}.{port}" if node in self.nodes else node
        self.discarded[address] = self.discarded.get(address, 0) + 1

    def _advance(self, thread: Thread, answer: Any = None, error: Exception | None = None) -> None:
        try:
            request = thread.program.throw(error) if error else thread.program.send(answer)
            while request[0] in AT_ONCE:
                request = thread.program.send(self._answer(thread, *request))
            thread.request = request
        except (StopIteration, StreamEnded, DemandEnded):
            thread.request = None
            if not self.alive(thread.node):
                self._end(thread.node)

    def _answer(self, thread: Thread, what: str, *about: str) -> Any:
        if what == "read":
            return self.knobs[thread.node, about[0]].value
        return self.taken[thread.node]["value"][-1].id

    # -- the end of a node ---------------------------------------------------------------------------

    def entries(self, node: str) -> list[Inlet | Knob]:
        """List what comes into a node and can be closed: inputs, signals, and configs that are fed."""
        knobs = [knob for (name, _), knob in self.knobs.items() if name == node and knob.lines]
        return [*(inlet for (name, _), inlet in self.inlets.items() if name == node), *knobs]

    def _stop(self, node: str) -> None:
        """End one node by its signal: what has inputs takes what lies there; what has none ends at once."""
        self.stopped.add(node)
        if not any(name == node for name, _ in self.inlets):
            for thread in self.threads:
                if thread.node == node and thread.request is not None:
                    thread.request = ("cancelled",)
        for entry in self.entries(node):
            entry.flush()

    def _end(self, node: str, *, at_once: bool = False) -> None:
        if at_once and self.lines_from(node, "stopped"):
            listening = self.open_lines(node, "stopped")
            if listening and not any(line.is_full for line in listening):
                self._put(node, "stopped", "")
            else:
                self._discard(node, "stopped")
        for entry in self.entries(node):
            entry.close()
        for line in self.lines_to(node, "stop"):
            line.refuse()
        for line in self.lines:
            line.finished = line.finished or owner(line.source) == node

    # -- when nothing can go on ----------------------------------------------------------------------

    def _good_end(self) -> str:
        if any(line.half_fed and (line.lying or line.refused) for line in self.lines):
            return "starved"
        return "finished" if self._to_flush is None else "quiescent"

    def _stand_still(self) -> None:
        if has_knot([self._hold(thread) for thread in self.threads if thread.request is not None]):
            self.outcome = "deadlocked"
        elif any(line.lying and not line.refusing for line in self.lines):
            self.outcome = "starved"
        else:
            self._flush_next()

    def _hold(self, thread: Thread) -> Hold:
        what, *about = thread.request or ("nothing",)
        if what in ("send", "declare", "forward", "tell", "field"):
            full = [line for line in self.open_lines(thread.node, about[0]) if line.is_full]
            return Hold(thread.node, [{owner(line.target)} for line in full], for_room=True)
        if what in ("config", "change"):
            lines = self.knobs[thread.node, about[0]].lines
            return Hold(thread.node, [_feeders(lines)], for_room=False)
        empty = [inlet for inlet in (self.inlets[thread.node, port] for port in about) if not inlet.arrivals]
        options = [_feeders(inlet.lines) for inlet in empty if what == "receive" or not inlet.is_closed]
        return Hold(thread.node, [set().union(*options)] if what == "any" else options, for_room=False)

    def _flush_next(self) -> None:
        if self._to_flush is None:
            self._to_flush = flush_order(self.plan)
        while True:
            node = self._to_flush.pop(0)
            if self.alive(node) and not all(entry.is_closed for entry in self.entries(node)):
                break
        self.flushed.append(node)
        for entry in self.entries(node):
            entry.flush()


def _feeders(lines: Sequence[Line]) -> set[str]:
    return {owner(line.source) for line in lines if not line.finished}


# -- choosers ------------------------------------------------------------------------------------------


def in_turn() -> Chooser:
    """Choose the one that has not been chosen for the longest time."""
    ticks = count()
    last: dict[Thread, int] = {}

    def choose(ready: Sequence[Thread]) -> Thread:
        chosen = min(ready, key=lambda thread: last.get(thread, -1))
        last[chosen] = next(ticks)
        return chosen

    return choose


def at_random(seed: int) -> Chooser:
    """Choose any (even seeds), or by random ranks that change now and then (odd seeds), which is more extreme."""
    draw = random.Random(seed)
    ranks: dict[Thread, float] = {}

    def choose(ready: Sequence[Thread]) -> Thread:
        if seed % 2 == 0:
            return draw.choice(ready)
        chosen = min(ready, key=lambda thread: ranks.setdefault(thread, draw.random()))
        if draw.random() < 0.05:
            ranks[chosen] = draw.random()
        return chosen

    return choose


def interpret(plan: Plan, seed: int | None = None) -> Reckoning:
    """Run a net in the reference, in turn or in the random order of a seed."""
    return Reference(plan, None if seed is None else at_random(seed)).run()

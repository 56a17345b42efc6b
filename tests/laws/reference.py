"""A small synchronous interpreter of nets, to compare fbcore with; it shares no code with it.

It knows the rules of a running net: bounded edges, fan-out when every edge has room, fan-in in order of arrival,
closing both ways, firings that take all or none, the port `error`, standstills and the order of flushing. A thread
is a program of a node; each step fulfils one request of one thread, which a chooser picks.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from tests.laws.plan import Plan, PlannedEdge, ins_of, owner
from tests.laws.programs import DemandEnded, Program, StreamEnded, input_program, programs_of
from tests.laws.standstill import Hold, flush_order, has_knot

MOST_STEPS = 100_000

Chooser = Callable[[Sequence["Thread"]], "Thread"]


class Line:
    """An edge of the reference."""

    def __init__(self, planned: PlannedEdge) -> None:
        self.address = planned.address
        self.source, self.target = planned.source, planned.target
        self.capacity = planned.capacity
        self.put: list[str] = []
        self.taken = 0
        self.refused = 0
        self.finished = self.refusing = self.half_fed = False

    @property
    def lying(self) -> list[str]:
        """What lies on the edge."""
        return self.put[self.taken :]

    @property
    def is_full(self) -> bool:
        """Whether a sender has to wait; there is always room towards an output of the graph."""
        room = self.capacity is None or self.target[0] == "outputs" or len(self.put) - self.taken < self.capacity
        return not room


class Inlet:
    """An input of a node: its edges, and the order in which packets arrived."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.arrivals: deque[Line] = deque()
        self.flushed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing can come any more, besides what lies here."""
        return self.flushed or all(line.finished for line in self.lines)

    @property
    def is_drained(self) -> bool:
        """Whether nothing lies here, and nothing can come."""
        return self.is_closed and not self.arrivals

    def take(self) -> str:
        """Take the packet that arrived first."""
        line = self.arrivals.popleft()
        line.taken += 1
        return line.put[line.taken - 1]

    def refuse(self, half_fed: bool = False) -> None:
        """Take nothing any more."""
        for line in self.lines:
            if not line.refusing:
                line.refusing, line.half_fed = True, half_fed


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
        self.put = {line.address: line.put for line in reference.lines}
        self.taken = {line.address: line.taken for line in reference.lines}
        inner = [line for line in reference.lines if line.target[0] != "outputs"]
        self.unread = {line.address: line.lying for line in inner if line.lying}
        self.discarded = {port: count for port, count in reference.discarded.items() if count}
        # Producers that lost a consumer: it depends on the order how much they send in vain.
        self.cut = {owner(line.source) for line in inner if line.refused or (line.refusing and line.lying)}
        self.is_half_fed = any(line.half_fed and (line.refused or line.lying) for line in inner)


class Reference:
    """One run of a net. `choose` picks the next of the threads that can go on; first come by default."""

    def __init__(self, plan: Plan, choose: Chooser | None = None) -> None:
        self.plan = plan
        self.choose = choose or in_turn()
        self.lines = [Line(edge) for edge in plan.edges]
        self.inlets = {
            (node.id, name): Inlet([line for line in self.lines if line.target == (node.id, name)])
            for node in plan.nodes
            for name in ins_of(node.kind)
        }
        self.outputs: dict[str, list[str]] = {line.target[1]: [] for line in self.lines if line.target[0] == "outputs"}
        self.threads = [Thread(node.id, program) for node in plan.nodes for program in programs_of(node)]
        self.threads += [Thread(f"inputs.{name}", input_program(name, size)) for name, size in plan.inputs]
        self.counts_discarded = {node.id for node in plan.nodes if node.style != "class"}
        self.counts_discarded |= {f"inputs.{name}" for name, _ in plan.inputs}
        self.discarded: dict[str, int] = {}
        self.flushed: list[str] = []
        self.outcome: str | None = None
        self._to_flush: list[str] | None = None

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

    def open_lines(self, node: str, port: str) -> list[Line]:
        """List the edges of an output whose consumers still take."""
        return [line for line in self._lines_from(node, port) if not line.refusing]

    def _lines_from(self, node: str, port: str) -> list[Line]:
        return [line for line in self.lines if owner(line.source) == node and _port(line.source) == port]

    def can_go_on(self, thread: Thread) -> bool:
        """Say whether a request can be fulfilled now."""
        what, *about = thread.request or ("nothing",)
        if what == "send":
            return not any(line.is_full for line in self.open_lines(thread.node, about[0]))
        if what == "receive":
            inlets = [self.inlets[thread.node, port] for port in about]
            return all(inlet.arrivals for inlet in inlets) or any(inlet.is_drained for inlet in inlets)
        return True

    # -- one step ------------------------------------------------------------------------------------

    def _fulfil(self, thread: Thread) -> None:
        what, *about = thread.request or ("nothing",)
        if what == "receive":
            self._receive(thread, [self.inlets[thread.node, port] for port in about])
        elif what == "send":
            self._send(thread, *about)
        elif what == "stop":
            self.outcome = "stopped"
        else:
            self._advance(thread)

    def _receive(self, thread: Thread, inlets: list[Inlet]) -> None:
        if all(inlet.arrivals for inlet in inlets):
            self._advance(thread, [inlet.take() for inlet in inlets])
            return
        if len(inlets) > 1:
            for inlet in inlets:
                inlet.refuse(half_fed=not inlet.is_drained)
        self._advance(thread, error=StreamEnded())

    def _send(self, thread: Thread, port: str, value: str) -> None:
        lines, open_lines = self._lines_from(thread.node, port), self.open_lines(thread.node, port)
        if port == "error" and not open_lines:
            self.outcome = "failed"
            return
        for line in lines:
            line.refused += line.refusing
        if lines and not open_lines:
            if thread.node in self.counts_discarded:
                self._discard(thread.node, port)
            self._advance(thread, error=DemandEnded())
            return
        if not lines:
            self._discard(thread.node, port)
        for line in open_lines:
            line.put.append(value)
            if line.target[0] == "outputs":
                line.taken += 1
                self.outputs[line.target[1]].append(value)
            else:
                self.inlets[line.target].arrivals.append(line)
        self._advance(thread)

    def _discard(self, node: str, port: str) -> None:
        address = node if node.startswith("inputs.") else f"{node}.{port}"
        self.discarded[address] = self.discarded.get(address, 0) + 1

    def _advance(self, thread: Thread, answer: Any = None, error: Exception | None = None) -> None:
        try:
            thread.request = thread.program.throw(error) if error else thread.program.send(answer)
        except (StopIteration, StreamEnded, DemandEnded):
            thread.request = None
            if not self.alive(thread.node):
                self._end(thread.node)

    def _end(self, node: str) -> None:
        for (name, _), inlet in self.inlets.items():
            if name == node:
                inlet.refuse()
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
        elif any(line.lying and not line.refusing and line.target[0] != "outputs" for line in self.lines):
            self.outcome = "starved"
        else:
            self._flush_next()

    def _hold(self, thread: Thread) -> Hold:
        what, *about = thread.request or ("nothing",)
        if what == "send":
            full = [line for line in self.open_lines(thread.node, about[0]) if line.is_full]
            return Hold(thread.node, [{owner(line.target)} for line in full], for_room=True)
        empty = [inlet for inlet in (self.inlets[thread.node, port] for port in about) if not inlet.arrivals]
        options = [{owner(line.source) for line in inlet.lines if not line.finished} for inlet in empty]
        return Hold(thread.node, options, for_room=False)

    def _flush_next(self) -> None:
        if self._to_flush is None:
            self._to_flush = flush_order(self.plan)
        while True:
            node = self._to_flush.pop(0)
            inlets = [inlet for (name, _), inlet in self.inlets.items() if name == node]
            if self.alive(node) and not all(inlet.is_closed for inlet in inlets):
                break
        self.flushed.append(node)
        for inlet in inlets:
            inlet.flushed = True
            inlet.refuse()


def _port(port: tuple[str, str]) -> str:
    return "out" if port[0] == "inputs" else port[1]


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

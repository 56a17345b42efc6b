"""The spans of one net."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, Status, StatusCode, set_span_in_context

from fbcore.errors import NodeError
from fbcore.model.letter import DeadLetter
from fbcore.model.packet import Failure, Packet, PacketId
from fbcore.net.observe import Observer, Over
from fbcore.net.report import Outcome, Result
from fbcore.net.view import EdgeView, NetView, NodeView
from fbcore.observers.beside import Beside
from fbcore.observers.encodable import encodable
from fbcore.observers.handling import Handling, note_error, note_exception

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_made_in: ContextVar[tuple[object, SpanContext] | None] = ContextVar("made_in", default=None)
"""The net whose code runs here, and the span in which it makes packets now: of the firing that runs, or ran last."""

_REMEMBERED = 1_000
"""Firings that have failed whose parents are kept, for they may be tried again."""

_GOOD = (Outcome.FINISHED, Outcome.QUIESCENT, Outcome.STOPPED)


class _Way:
    """An edge, as far as spans are concerned; looked at once, for every packet comes by here twice.

    `target` is the input that it ends at, None where nobody takes packets that spans are about.
    """

    __slots__ = ("address", "edge", "is_error", "port", "source", "takes", "target")

    def __init__(self, edge: EdgeView, nodes: Mapping[str, NodeView]) -> None:
        self.edge = edge
        self.address = edge.address
        self.source = edge.source.node
        self.port = edge.source.address
        self.is_error = edge.source.name == "error"
        target = edge.target
        self.target = target if target is not None and target.node != "outputs" else None
        self.takes = target.node if self.target is not None and target is not None else ""
        if self.takes and nodes[self.takes].fires:
            self.takes = ""


class NetSpans(Observer):
    """Makes the spans of a net. What made a packet lies beside it, by its identity, until it is taken."""

    def __init__(self, net: NetView, tracer: Tracer, traces: Literal["packet", "run"]) -> None:
        self._net = net
        self._tracer = tracer
        self._components = {node.address: node.component for node in net.nodes.values()}
        self._ways = {edge.address: _Way(edge, net.nodes) for edge in net.edges.values()}
        self._made_by: Beside[SpanContext] = Beside(net.edges)
        self._births: dict[str, tuple[set[str], SpanContext]] = {}
        self._failed: OrderedDict[tuple[PacketId, ...], tuple[int, list[SpanContext]]] = OrderedDict()
        self._handlings: dict[str, Handling] = {}
        self._run = tracer.start_span(f"run {net.name}", attributes={"fbcore.net": net.name})
        self._in_run = set_span_in_context(self._run)
        self._is_one_trace = traces == "run"
        # What nodes do before their first packet lies in the run: their contexts are copies of this one.
        self._token = contexts.attach(self._in_run)

    # -- functions ---------------------------------------------------------------------------------

    def firing(self, address: str, packets: Sequence[Packet[Any]]) -> Over:
        """Begin the span of a firing, and let it be the current one."""
        ids = tuple(packet.id for packet in packets)
        if ids in self._failed:
            attempt, parents = self._failed.pop(ids)
        else:
            attempt, parents = 1, self._parents(ids)
        span = self._span(address, ids, parents, attempt)
        token = contexts.attach(set_span_in_context(span))
        _made_in.set((self, span.get_span_context()))

        def over(error: BaseException | None) -> None:
            contexts.detach(token)
            if error is not None:
                self._failed[ids] = (attempt + 1, parents)
                if len(self._failed) > _REMEMBERED:
                    self._failed.popitem(last=False)
                note_error(span, error)
            span.end()

        return over

    def _parents(self, ids: Sequence[PacketId]) -> list[SpanContext]:
        """Return the spans in which packets were made; those that came from outside were made in none."""
        found = [self._made_by.take(id) for id in ids]
        return list({made.span_id: made for made in found if made is not None}.values())

    def _span(self, address: str, ids: Sequence[PacketId], parents: Sequence[SpanContext], attempt: int = 1) -> Span:
        """Begin a span: the child of the first of these, linked to the others; without any it begins a trace."""
        if parents and not any(parent.trace_flags.sampled for parent in parents):
            # Nobody follows these packets, and so there is nothing to be said of them.
            return NonRecordingSpan(parents[0])
        attributes: dict[str, Any] = {
            "fbcore.net": self._net.name,
            "fbcore.node": address,
            "fbcore.component": self._components[address],
            "fbcore.packets": [encodable(str(id)) for id in ids],
        }
        if attempt > 1:
            attributes["fbcore.attempt"] = attempt
        links = [Link(parent) for parent in parents[1:]]
        if parents:
            parent = set_span_in_context(NonRecordingSpan(parents[0]), Context())
        elif self._is_one_trace:
            parent = self._in_run
        else:
            parent = Context()
            links = [Link(self._run.get_span_context())]
        return self._tracer.start_span(address, context=parent, links=links, attributes=attributes)

    # -- packets, and classes ----------------------------------------------------------------------

    def packet(self, what: str, address: str, value: Any) -> None:
        """Note in which span a packet is made; where a class takes one, begin the span of what it does with it."""
        way = self._ways.get(address)
        if way is None:
            return
        if what == "sent":
            self._sent(way, value)
        elif what == "taken" and way.takes:
            self._taken(way)
        elif what == "returned" and way.takes in self._handlings:
            for id, made in self._handlings[way.takes].made_by.items():
                self._made_by.put(id, made)

    def _sent(self, way: _Way, value: Any) -> None:
        handling = self._handlings.get(way.source)
        if handling is not None:
            handling.has_sent = True
            if way.is_error and isinstance(value, Failure):
                handling.failed(value.error)
        if way.target is None:
            return
        made = _made_in.get()
        if made is not None and made[0] is self:
            self._made_by.put(way.edge.newest, made[1])
        elif handling is not None:
            # A task of the node that has not taken anything itself.
            self._made_by.put(way.edge.newest, handling.span.get_span_context())
        else:
            self._made_by.put(way.edge.newest, self._born(way))

    def _born(self, way: _Way) -> SpanContext:
        """Return the span, over at once, of a packet that was made of nothing; the copies of a fan-out have one."""
        copies, made = self._births.get(way.port, (None, None))
        if copies is None or made is None or way.address in copies:
            span = self._span(way.source, (PacketId(way.port, way.edge.newest.number),), ())
            span.end()
            copies, made = set(), span.get_span_context()
            self._births[way.port] = (copies, made)
        copies.add(way.address)
        return made

    def _taken(self, way: _Way) -> None:
        target, node = way.target, way.takes
        assert target is not None
        id = target.latest
        assert id is not None
        handling = self._handlings.get(node)
        made = self._made_by.take(id)
        if handling is not None and handling.joins(target.name):
            handling.take(target.name, id, made)
        else:
            if handling is not None:
                handling.end()
            handling = Handling(self._span(node, (id,), [made] if made is not None else []))
            handling.take(target.name, id, made)
            self._handlings[node] = handling
        contexts.attach(set_span_in_context(handling.span))
        _made_in.set((self, handling.span.get_span_context()))

    def node(self, address: str, phase: str) -> None:
        """End the span of what a class did with a packet, when it asks for the next one, or ends."""
        if phase in ("receiving", "ended", "cancelled") and address in self._handlings:
            self._handlings.pop(address).end()
            if phase == "receiving":
                # In the node's own task.
                contexts.attach(self._in_run)

    # -- what is rare ------------------------------------------------------------------------------

    def notice(self, address: str, text: str) -> None:
        """Note it in the span of the run."""
        self._run.add_event("notice", {"fbcore.node": address, "fbcore.text": encodable(text)})

    def restarted(self, address: str, error: NodeError | None, delay: float) -> None:
        """Note it in the span of the run, and the error where it was made."""
        self._run.add_event("restarted", {"fbcore.node": address, "fbcore.delay": delay})
        self._end_handling(address, error)

    def released(self, address: str, reason: str) -> None:
        """Note it in the span of the run."""
        self._run.add_event("released", {"fbcore.node": address, "fbcore.reason": encodable(reason)})

    def dead_letter(self, letter: DeadLetter) -> None:
        """Note it in the span of the run, and the error where it was made."""
        self._run.add_event("dead letter", {"fbcore.node": letter.node, "fbcore.letter": letter.id})
        self._end_handling(letter.node, letter.error)

    def _end_handling(self, address: str, error: NodeError | None) -> None:
        handling = self._handlings.pop(address, None)
        if handling is not None:
            handling.failed(error)
            handling.end()

    def ended(self, result: Result) -> None:
        """End all spans, that of the run last."""
        for error in result.errors:
            self._end_handling(error.address, error)
        for handling in self._handlings.values():
            handling.end()
        self._handlings.clear()
        run = self._run
        run.set_attribute("fbcore.outcome", str(result.outcome))
        run.set_attribute("fbcore.seconds", result.seconds)
        for error in result.errors:
            note_exception(run, error.cause if error.cause is not None else error, error.address)
        if result.outcome not in _GOOD:
            run.set_status(Status(StatusCode.ERROR, encodable(result.reason)))
        if contexts.get_current() is self._in_run:
            # Not so when the net was dropped, with its loop, and this is another context.
            contexts.detach(self._token)
        run.end()

"""What a class does with a packet, from taking it until it asks for the next one."""

from __future__ import annotations

from opentelemetry.trace import Span, SpanContext, Status, StatusCode

from fbcore.errors import NodeError
from fbcore.model.packet import PacketId
from fbcore.net.failure import text_of
from fbcore.observers.encodable import encodable
from fbcore.trace_text import trace_text


class Handling:
    """The span of what a class does with a packet, or with several that it took together from different inputs.

    `has_sent`: it has sent something, so that a packet that it takes now is another matter. `made_by` are the spans
    in which its packets were made.
    """

    __slots__ = ("_ids", "_ports", "has_sent", "made_by", "span")

    def __init__(self, span: Span) -> None:
        self.span = span
        self.has_sent = False
        self.made_by: dict[PacketId, SpanContext] = {}
        self._ids: list[str] = []
        self._ports: set[str] = set()

    def joins(self, port: str) -> bool:
        """Say whether a packet that comes by this input is taken together with those that are here."""
        return not self.has_sent and port not in self._ports

    def take(self, port: str, id: PacketId, made: SpanContext | None) -> None:
        """Take a packet in."""
        if made is not None:
            if self._ports:
                self.span.add_link(made)
            self.made_by[id] = made
        self._ports.add(port)
        self._ids.append(encodable(str(id)))
        if len(self._ids) > 1:
            self.span.set_attribute("fbcore.packets", self._ids)

    def failed(self, error: NodeError | None) -> None:
        """Note that it went wrong."""
        if error is not None:
            note_error(self.span, error.cause if error.cause is not None else error)

    def end(self) -> None:
        """End the span."""
        self.span.end()


def note_error(span: Span, error: BaseException) -> None:
    """Note in a span that what it stands for went wrong."""
    note_exception(span, error)
    span.set_status(Status(StatusCode.ERROR, encodable(f"{type(error).__name__}: {text_of(error)}")))


def note_exception(span: Span, error: BaseException, node: str = "") -> None:
    """Note an error as the event that OpenTelemetry knows: its class, what it says, and the traceback as text.

    Not by `record_exception`, whose traceback has every line that runs nets, and none of the nets inside; and one
    half of a letter in it costs the whole batch of spans on its way to a collector.
    """
    kind, said = type(error), {"exception.escaped": "False"}
    said["exception.type"] = (
        kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    )
    said["exception.message"] = encodable(text_of(error))
    said["exception.stacktrace"] = encodable(trace_text(error))
    if node:
        said["fbcore.node"] = encodable(node)
    span.add_event("exception", said)

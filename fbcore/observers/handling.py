"""What a class does with a packet, from taking it until it asks for the next one."""

from __future__ import annotations

from opentelemetry.trace import Span, SpanContext, Status, StatusCode

from fbcore.errors import NodeError
from fbcore.model.packet import PacketId


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
        self._ids.append(str(id))
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
    span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))

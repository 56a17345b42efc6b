"""Traces of OpenTelemetry: the way of each packet through a net, as spans of what was done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fbcore.errors import InputError, shown
from fbcore.net.observe import Observer
from fbcore.net.view import NetView
from fbcore.observers.extra import need

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

Traces = Literal["packet", "run"]
"""What a trace is of."""


class OpenTelemetrySpans(Observer):
    """Spans of every net that it observes: of the run, of each firing, and of what a class does with a packet.

    A span is the child of the one that made its packet, so that a trace shows the way of a packet through the net and
    all that became of it; where several packets come together, it is the child of the first, and linked to the others.
    While a component works on a packet its span is the current one, so that spans of your own code lie in it. Errors
    are recorded where they were raised, retries are spans of their own.

    Each packet that comes into the net, or from a node without inputs, begins a trace, which is linked to the run, so
    that a sampler can choose among packets; `traces="run"` makes all spans of a run one trace, for small runs. Spans
    go to the `provider`, if none is given to the global one. Every packet takes the slow path, and a span costs fifty
    to a hundred microseconds: tracing is for nets whose work takes longer than that.

    Raises:
        ExtraError: OpenTelemetry is not installed.

    Example:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        from fbcore.observers.opentelemetry import OpenTelemetrySpans

        @component
        def double(number: int) -> int:
            return 2 * number

        spans, provider = InMemorySpanExporter(), TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(spans))
        BatchRuntime(double).run(inputs={"number": Each([1, 2])}, observers=[OpenTelemetrySpans(provider)])
        for span in spans.get_finished_spans():
            print(span.name, span.attributes.get("fbcore.packets"))
        #> inputs.number ('inputs.number#0',)
        #> inputs.number ('inputs.number#1',)
        #> double ('inputs.number#0',)
        #> double ('inputs.number#1',)
        #> run double None
    """

    def __init__(self, provider: TracerProvider | None = None, *, traces: Traces = "packet") -> None:
        for module in "opentelemetry", "opentelemetry.sdk":
            need(module, "spans need OpenTelemetry", "otel")
        if traces not in ("packet", "run"):
            raise InputError(f"a trace cannot be of {shown(traces)}", "traces", 'say "packet" or "run"')
        from opentelemetry import trace

        self._tracer: Any = trace.get_tracer("fbcore", tracer_provider=provider)
        self._traces: Traces = traces

    def begun(self, net: NetView) -> Observer:
        """Let an observer of its own watch each net."""
        from fbcore.observers.net_spans import NetSpans

        return NetSpans(net, self._tracer, self._traces)

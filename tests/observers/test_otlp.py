"""Spans as they come to a collector: by the exporter of OpenTelemetry, over HTTP, as protobuf."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import Compression, OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    DeadLetters,
    Each,
    Graph,
    In,
    NetSettings,
    NodeSettings,
    Out,
    OutArray,
    Restart,
    Result,
    Retry,
    component,
)
from fbcore.observers.opentelemetry import OpenTelemetrySpans


class Collector(ThreadingHTTPServer):
    """Takes spans in, as a collector does, and keeps them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Takes)
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.paths: set[str] = set()

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def parent(self, span: Span) -> str:
        found = [each.name for each in self.spans if each.span_id == span.parent_span_id]
        return found[0] if found else ""


class _Takes(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        for each in request.resource_spans:
            self.server.services |= {a.value.string_value for a in each.resource.attributes if a.key == "service.name"}
            for scope in each.scope_spans:
                self.server.spans += scope.spans
        self.server.paths.add(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on a port of its own, while a test runs."""
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(collector: Collector, target: Any, settings: NetSettings | None = None, **inputs: Any) -> Result:
    """Run a net that sends its spans to the collector, and wait until it has them all."""
    exporter = OTLPSpanExporter(
        f"http://127.0.0.1:{collector.server_port}/v1/traces", compression=Compression.Gzip, timeout=60
    )
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    runtime = BatchRuntime(target, settings=settings)
    result = runtime.run(inputs=inputs, observers=[OpenTelemetrySpans(provider)], raises=False)
    assert provider.force_flush(60_000)
    provider.shutdown()
    return result


def values(span: Any) -> dict[str, Any]:
    return {
        each.key: [one.string_value for one in each.value.array_value.values]
        or each.value.string_value
        or each.value.int_value
        for each in span.attributes
    }


def managed() -> tuple[Graph, NetSettings]:
    """A net in which a firing is tried again, a class is begun anew, a packet dies, and one node lies in another."""
    tries: list[int] = []

    @component
    def shaky(number: int) -> int:
        tries.append(number)
        if tries.count(number) < 3:
            raise OSError("not yet")
        return number

    class Stumbles(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            async for number in self.number:
                tries.append(-number)
                if number == 2 and tries.count(-2) == 1:
                    raise ValueError("stumbled")
                await self.out.send(number)

    class Box(CompositeComponent):
        number: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            graph.inputs.number >> graph.add(Stumbles).number
            graph["stumbles"].out >> graph.outputs.out

    @component
    def last(number: int) -> int:
        if number == 3:
            raise KeyError("three")
        return number

    graph = Graph("shop")
    graph.inputs.number >> graph.add(shaky).number
    graph["shaky"].out >> graph.add(Box).number
    graph["box"].out >> graph.add(last).number
    graph["last"].out >> graph.outputs.out
    nodes = {
        "shaky": NodeSettings(retry=Retry(attempts=5, backoff=0)),
        "box.stumbles": NodeSettings(restart=Restart(backoff=0)),
        "last": NodeSettings(dead_letters=DeadLetters()),
    }
    return graph, NetSettings(nodes=nodes)


def test_a_managed_net_comes_to_a_collector_whole(collector):
    """As many spans as attempts, each with its parent, its trace and its error; and the run with what policies did."""
    graph, settings = managed()
    result = run(collector, graph, settings, number=Each([1, 2, 3]))
    assert (collector.services, collector.paths) == ({"shop"}, {"/v1/traces"})
    ids = [span.span_id for span in collector.spans]
    assert len(set(ids)) == len(ids) == 3 + 9 + 4 + 3 + 1

    attempts = collector.named("shaky")
    assert len(attempts) == 3 + result.retries["shaky"]
    assert sorted(values(span).get("fbcore.attempt", 1) for span in attempts) == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert sum(span.status.code == Status.STATUS_CODE_ERROR for span in attempts) == 6
    assert {collector.parent(span) for span in attempts} == {"inputs.number"}
    assert {collector.parent(span) for span in collector.named("last")} == {"box.stumbles"}
    assert len(collector.named("box.stumbles")) == 3 + result.restarts["box.stumbles"]

    traces = {span.trace_id for span in collector.spans}
    (whole,) = collector.named("run shop")
    assert len(traces) == 4
    assert all(link.span_id == whole.span_id for span in collector.named("inputs.number") for link in span.links)
    assert sorted(event.name for event in whole.events) == ["dead letter", "restarted"]
    assert values(whole)["fbcore.outcome"] == "finished"
    times = [(span.start_time_unix_nano, span.end_time_unix_nano) for span in collector.spans]
    assert all(0 < begin <= end for begin, end in times)


def test_an_error_has_the_traceback_of_the_user(collector):
    """The event that collectors know, with the user's lines alone, and those of the net inside under its path."""

    @component
    def fails() -> None:
        raise LookupError("inside")

    @component
    async def outer() -> None:
        await BatchRuntime(fails).arun()

    run(collector, outer)
    (span,), (whole,) = collector.named("outer"), collector.named("run outer")
    for each in span, whole:
        assert each.status.code == Status.STATUS_CODE_ERROR
        (event,) = each.events
        said = values(event)
        assert (event.name, said["exception.type"]) == ("exception", "fbcore.net.report.NetError")
        assert "at fails/fails:\nTraceback" in said["exception.stacktrace"]
        assert "LookupError: inside" in said["exception.stacktrace"]
        assert "net/node.py" not in said["exception.stacktrace"]


def test_text_that_nobody_can_send_costs_no_span(collector, caplog):
    """Halves of letters, as names of files may have them, in keys of ports, in errors, in reasons; and mute errors."""

    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    class Split(Component):
        number: In[int]
        parts: OutArray[int]

        async def run(self) -> None:
            async for number in self.number:
                for key in self.parts:
                    await self.parts[key].send(number)

    @component
    def fails(number: int) -> None:
        raise MuteError if number == 1 else ValueError("half \ud800")

    graph = Graph("torn")
    graph.inputs.number >> graph.add(Split).number
    graph["split"].parts["name \udcff"] >> graph.add(fails).number
    graph["fails"].error >> graph.outputs.failed
    run(collector, graph, number=Each([1, 2]))
    mute, half = collector.named("fails")
    assert mute.status.message == "MuteError: <what it says cannot be had: RuntimeError>"
    assert half.status.message == "ValueError: half \\ud800"
    assert values(half)["fbcore.packets"] == ["split.parts[name \\udcff]#1"]
    assert not [each for each in caplog.records if each.name.startswith("opentelemetry")]

"""Spans show the way of a packet through a net, and user's own spans lie in them."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased

from fbcore import (
    BatchRuntime,
    Component,
    Concurrency,
    Each,
    ExtraError,
    Graph,
    In,
    InputError,
    NetSettings,
    NodeSettings,
    Out,
    Restart,
    Result,
    Retry,
    SteppedLoop,
    component,
)
from fbcore.observers import beside, net_spans
from fbcore.observers.opentelemetry import OpenTelemetrySpans


class Tracing:
    """A provider of tracers, and the spans that have ended."""

    def __init__(self, **options: Any) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(**options)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("a user's")

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def parent(self, span: ReadableSpan) -> str | None:
        """Return the name of the span that this one lies in."""
        return None if span.parent is None else self._name(span.parent)

    def links(self, span: ReadableSpan) -> list[str]:
        """Return the names of the spans that this one is linked to."""
        return [self._name(link.context) for link in span.links]

    def _name(self, context: trace.SpanContext) -> str:
        return next(span.name for span in self.spans if span.context.span_id == context.span_id)

    def run(self, target: Any, observers: Callable[..., Any] | None = None, **given: Any) -> Result:
        runtime = BatchRuntime(target, settings=given.pop("settings", None), error=given.pop("error", False))
        with asyncio.Runner(loop_factory=SteppedLoop) as runner:
            spans = OpenTelemetrySpans(self.provider, traces=given.pop("traces", "packet"))
            return runner.run(runtime.arun(observers=[spans], raises=False, **given))


@pytest.fixture
def tracing() -> Tracing:
    return Tracing()


def packets(span: ReadableSpan) -> Any:
    assert span.attributes is not None
    return span.attributes["fbcore.packets"]


@component
def double(number: int) -> int:
    return 2 * number


@component
def add(left: int, right: int) -> int:
    return left + right


@component
def parse(text: str) -> int:
    return int(text)


class Sums(Component):
    left: In[int]
    right: In[int]
    sum_: Out[int]
    stateless = True

    async def run(self) -> None:
        async for left, right in self.zip(self.left, self.right):
            await self.sum_.send(left + right)


class Passes(Component):
    number: In[int]
    passed: Out[int]
    stateless = True

    async def run(self) -> None:
        async for number in self.number:
            await self.passed.send(number)


def line(*inner: Any) -> Graph:
    """Return a graph of nodes in a row."""
    graph = Graph("line")
    out: Any = graph.inputs.number
    for each in inner:
        node = graph.add(each)
        out >> node.number
        out = node.passed if each is Passes else node.out
    out >> graph.outputs.out
    return graph


# -- the way of a packet ----------------------------------------------------------------------------------


def test_a_trace_is_the_way_of_a_packet(tracing: Tracing) -> None:
    """What comes in begins it, and each component that works on what was made of it is a child of the one before."""
    tracing.run(line(double, Passes), inputs={"number": Each([1, 2])})
    for name, parent in ("inputs.number", None), ("double", "inputs.number"), ("passes", "double"):
        assert [tracing.parent(span) for span in tracing.named(name)] == [parent, parent]
    ids = [{span.context.trace_id for span in tracing.named(name)} for name in ("inputs.number", "double", "passes")]
    assert ids[0] == ids[1] == ids[2]
    assert len(ids[0]) == 2
    assert [packets(span) for span in tracing.named("passes")] == [("double.out#0",), ("double.out#1",)]


def test_each_trace_is_linked_to_the_run(tracing: Tracing) -> None:
    """The run has a span of its own, with how it ended; a sampler can choose among packets."""
    result = tracing.run(line(double), inputs={"number": Each([1, 2])})
    (run,) = tracing.named("run line")
    assert run.attributes == {"fbcore.net": "line", "fbcore.outcome": "finished", "fbcore.seconds": result.seconds}
    assert run.status.status_code.name == "UNSET"
    assert [tracing.links(span) for span in tracing.named("inputs.number")] == [["run line"]] * 2
    assert {run.context.trace_id} & {span.context.trace_id for span in tracing.named("double")} == set()


def test_a_run_can_be_one_trace(tracing: Tracing) -> None:
    """Then all spans lie in that of the run."""
    tracing.run(line(double), inputs={"number": Each([1, 2])}, traces="run")
    assert len({span.context.trace_id for span in tracing.spans}) == 1
    assert [tracing.parent(span) for span in tracing.named("inputs.number")] == ["run line"] * 2


@pytest.mark.parametrize("join", [add, Sums])
def test_where_packets_come_together_spans_are_linked(tracing: Tracing, join: Any) -> None:
    """The copies of a fan-out are of one trace, and what joins them is a child of one side and linked to the other."""
    graph = Graph("diamond")
    left, right, joined = graph.add(double, "left"), graph.add(double, "right"), graph.add(join, "joined")
    graph.inputs.number >> left.number
    graph.inputs.number >> right.number
    left.out >> joined.left
    right.out >> joined.right
    (joined.sum_ if join is Sums else joined.out) >> graph.outputs.sums
    result = tracing.run(graph, inputs={"number": Each([1, 2, 3])})
    assert result.outputs.sums == [4, 8, 12]
    for number, span in enumerate(tracing.named("joined")):
        assert (tracing.parent(span), tracing.links(span)) == ("left", ["right"])
        assert packets(span) == (f"left.out#{number}", f"right.out#{number}")
    traces = [span.context.trace_id for span in tracing.spans if not span.name.startswith("run")]
    assert sorted(map(traces.count, set(traces))) == [4, 4, 4]


def test_what_a_node_yields_is_made_in_its_span(tracing: Tracing) -> None:
    """All items of one firing, on their way while it goes on."""

    @component
    def parts(number: int) -> Iterator[int]:
        yield from range(number)

    tracing.run(line(parts, double), inputs={"number": 3})
    (span,) = tracing.named("parts")
    assert [child.parent for child in tracing.named("double")] == [span.context] * 3


def test_a_packet_that_is_returned_and_taken_again_keeps_its_way(tracing: Tracing) -> None:
    """A node that is begun anew works on it in a new span, in the same trace; the first has the error."""
    lives = iter([True, False])

    class Fragile(Component):
        number: In[int]
        passed: Out[int]
        stateless = True

        async def run(self) -> None:
            is_first = next(lives)
            async for number in self.number:
                if is_first:
                    raise KeyError(number)
                await self.passed.send(number)

    settings = NetSettings(nodes={"fragile": NodeSettings(restart=Restart(backoff=1))})
    graph = Graph("line")
    graph.inputs.number >> graph.add(double).number
    graph["double"].out >> graph.add(Fragile).number
    graph["fragile"].passed >> graph.outputs.out
    result = tracing.run(graph, inputs={"number": 1}, settings=settings)
    assert result.outputs.out == [2]
    first, second = tracing.named("fragile")
    assert tracing.parent(first) == tracing.parent(second) == "double"
    assert [span.status.status_code.name for span in (first, second)] == ["ERROR", "UNSET"]
    (run,) = tracing.named("run line")
    assert [event.name for event in run.events] == ["restarted"]


def test_packets_that_overtake_others_keep_their_way(tracing: Tracing) -> None:
    """On an edge that is no queue, each is still a child of what made it."""

    @component
    async def slowly(number: int) -> int:
        await asyncio.sleep(1)
        return number

    graph = Graph("line")
    first, last = graph.add(double, "first"), graph.add(slowly, "last")
    graph.inputs.number >> first.number
    graph.connect(first.out, last.number, priority=lambda number: number)
    last.out >> graph.outputs.out
    result = tracing.run(graph, inputs={"number": Each(range(6))})
    assert result.outputs.out != sorted(result.outputs.out)
    made = {span.context.span_id: packets(span)[0].partition("#")[2] for span in tracing.named("first")}
    spans = tracing.named("last")
    assert [packets(span)[0].partition("#")[2] for span in spans] == [
        made[span.parent.span_id] for span in spans if span.parent is not None
    ]


@pytest.mark.parametrize("how", [{"place": "thread"}, {"timeout": 20}], ids=["placed", "timed"])
def test_functions_in_threads_lie_in_their_spans(tracing: Tracing, how: Any) -> None:
    """Where settings place them in threads of their own, or a time-out needs one."""

    @component
    def far(number: int) -> int:
        with tracing.tracer.start_as_current_span("own far"):
            return number

    runtime = BatchRuntime(far, settings=NetSettings(nodes={"far": NodeSettings(**how)}))
    runtime.run(inputs={"number": Each([1, 2])}, observers=[OpenTelemetrySpans(tracing.provider)])
    assert [tracing.parent(span) for span in tracing.named("own far")] == ["far", "far"]


@pytest.mark.parametrize("order", ["ordered", "unordered"])
def test_firings_that_go_on_at_once_keep_their_packets(tracing: Tracing, order: Any) -> None:
    """Whichever is done first: what each has made is its own, and so are the spans of the user."""

    @component
    async def later(number: int) -> int:
        with tracing.tracer.start_as_current_span(f"own {number}"):
            await asyncio.sleep(10 - number)
        return number

    settings = NetSettings(nodes={"later": NodeSettings(concurrency=Concurrency(4, order))})
    result = tracing.run(line(later, double), inputs={"number": Each(range(4))}, settings=settings)
    numbers = [0, 2, 4, 6] if order == "ordered" else [6, 4, 2, 0]
    assert result.outputs.out == numbers
    firings = {span.context.span_id: packets(span) for span in tracing.named("later")}
    for number in range(4):
        (own,) = tracing.named(f"own {number}")
        assert own.parent is not None
        assert firings[own.parent.span_id] == (f"inputs.number#{number}",)
    parents = [firings[span.parent.span_id] for span in tracing.named("double") if span.parent is not None]
    assert parents == [(f"inputs.number#{number // 2}",) for number in numbers]


# -- what goes wrong --------------------------------------------------------------------------------------


def test_an_error_is_recorded_where_it_was_raised(tracing: Tracing) -> None:
    """In the span of the firing, with its traceback, and in that of the run that it fails."""
    tracing.run(parse, inputs={"text": "two"})
    (span,), (run,) = tracing.named("parse"), tracing.named("run parse")
    for each in span, run:
        assert each.status.status_code.name == "ERROR"
        (event,) = each.events
        assert event.attributes is not None
        assert event.attributes["exception.type"] == "ValueError"
        assert "int(text)" in str(event.attributes["exception.stacktrace"])


def test_a_failure_that_somebody_takes_is_recorded_too(tracing: Tracing) -> None:
    """Of a function and of a class; the run has ended well."""

    class Picky(Component):
        number: In[int]
        stateless = True

        async def run(self) -> None:
            async for _ in self.number:
                raise ValueError("not that one")

    tracing.run(parse, inputs={"text": "two"}, error=True)
    tracing.run(Picky, inputs={"number": 1}, error=True)
    for name in "parse", "picky":
        (span,), (run,) = tracing.named(name), tracing.named(f"run {name}")
        assert span.status.status_code.name == "ERROR"
        assert run.status.status_code.name == "UNSET"


def test_attempts_are_spans_with_one_parent(tracing: Tracing) -> None:
    """Each with its number, and the error that made the next one needed."""
    failures = iter([True, True, False])

    @component
    def ask(number: int) -> int:
        if next(failures):
            raise ConnectionError(number)
        return number

    settings = NetSettings(nodes={"ask": NodeSettings(retry=Retry(attempts=5, backoff=60))})
    tracing.run(line(double, ask, Passes), inputs={"number": 1}, settings=settings)
    spans = tracing.named("ask")
    assert [tracing.parent(span) for span in spans] == ["double"] * 3
    assert [span.status.status_code.name for span in spans] == ["ERROR", "ERROR", "UNSET"]
    assert [(span.attributes or {}).get("fbcore.attempt") for span in spans] == [None, 2, 3]
    (last,) = tracing.named("passes")
    assert last.parent == spans[-1].context


# -- spans of the user ------------------------------------------------------------------------------------


def in_span(tracing: Tracing) -> list[Any]:
    """Return components, of each kind, that make a span of their own."""

    @component
    def plain(number: int) -> int:
        with tracing.tracer.start_as_current_span("own plain"):
            return number

    @component
    async def awaits(number: int) -> int:
        await asyncio.sleep(1)
        with tracing.tracer.start_as_current_span("own awaits"):
            return number

    @component
    def yields(number: int) -> Iterator[int]:
        with tracing.tracer.start_as_current_span("own yields"):
            pass
        yield number

    class Passes(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            with tracing.tracer.start_as_current_span("own run"):
                pass
            async for number in self.number:
                with tracing.tracer.start_as_current_span("own passes"):
                    await self.out.send(number)

    return [plain, awaits, yields, Passes]


def test_spans_of_the_user_lie_in_those_of_the_net(tracing: Tracing) -> None:
    """Whatever the component is; what a class does before its first packet lies in the span of the run."""
    tracing.run(line(*in_span(tracing)), inputs={"number": Each([1, 2])})
    for name in "plain", "awaits", "yields", "passes":
        assert [tracing.parent(span) for span in tracing.named(f"own {name}")] == [name, name]
    assert [tracing.parent(span) for span in tracing.named("own run")] == ["run line"]


def test_a_thread_that_a_component_starts_is_in_its_span(tracing: Tracing) -> None:
    """For `asyncio.to_thread` takes the context along."""

    def work(number: int) -> int:
        with tracing.tracer.start_as_current_span("in a thread"):
            return number

    @component
    async def far(number: int) -> int:
        return await asyncio.to_thread(work, number)

    BatchRuntime(far).run(inputs={"number": 1}, observers=[OpenTelemetrySpans(tracing.provider)])
    (span,) = tracing.named("in a thread")
    assert tracing.parent(span) == "far"


def test_a_run_lies_in_the_span_around_it(tracing: Tracing) -> None:
    """In that of a request, say; and that is the current one again when the run is over."""
    with tracing.tracer.start_as_current_span("request") as request:
        spans = OpenTelemetrySpans(tracing.provider)
        BatchRuntime(double).run(inputs={"number": 1}, observers=[spans])
        assert trace.get_current_span() is request
    (run,) = tracing.named("run double")
    assert tracing.parent(run) == "request"
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_net_in_a_net_lies_in_the_firing_that_runs_it(tracing: Tracing) -> None:
    """And does not take the packets of the outer one for its own."""

    @component
    async def inner(number: int) -> int:
        spans = OpenTelemetrySpans(tracing.provider)
        result = await BatchRuntime(double).arun(inputs={"number": number}, observers=[spans])
        return int(result.outputs.out[0])

    tracing.run(line(inner), inputs={"number": 3})
    (run,), (firing,) = tracing.named("run double"), tracing.named("double")
    assert tracing.parent(run) == "inner"
    assert tracing.parent(firing) == "inputs.number"
    (born,) = [span for span in tracing.named("inputs.number") if span.context.trace_id == firing.context.trace_id]
    assert tracing.links(born) == ["run double"]


# -- at large ---------------------------------------------------------------------------------------------


def test_a_sampler_chooses_among_packets() -> None:
    """Of those that it takes, the whole way is there; the net does not care."""
    some = Tracing(sampler=ParentBased(TraceIdRatioBased(0.2)))
    result = some.run(line(double, Passes), inputs={"number": Each(range(200))})
    assert len(result.outputs.out) == 200
    counts = [len(some.named(name)) for name in ("inputs.number", "double", "passes")]
    assert counts[0] == counts[1] == counts[2]
    assert 5 < counts[0] < 100
    none = Tracing(sampler=ALWAYS_OFF)
    assert len(none.run(line(double), inputs={"number": Each(range(20))}).outputs.out) == 20
    assert none.spans == ()


def test_what_lies_nowhere_is_forgotten(tracing: Tracing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A net that runs for days keeps no more of its packets than lie in it, whatever became of them."""
    seen: list[int] = []
    monkeypatch.setattr(beside, "_SPARE", 10)

    class Watch(net_spans.NetSpans):
        def _parents(self, ids: Any) -> list[Any]:
            seen.append(len(self._made_by))
            return []

    monkeypatch.setattr(net_spans, "NetSpans", Watch)
    tracing.run(line(double), inputs={"number": Each(range(500))})
    assert max(seen) <= 2 * (10 + 2 * 64) + 1


def test_options_are_checked() -> None:
    """A trace is of a packet or of a run."""
    with pytest.raises(InputError, match="cannot be of 'node'"):
        OpenTelemetrySpans(traces="node")  # type: ignore[arg-type]


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, instead of an ImportError."""
    monkeypatch.setattr("fbcore.observers.extra.find_spec", lambda name: None)
    with pytest.raises(ExtraError) as caught:
        OpenTelemetrySpans()
    assert caught.value.hint == "pip install 'fbdev[otel]'"

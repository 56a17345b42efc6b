"""Over random nets: metrics and traces change nothing, and say what the account and the history say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from fbcore import BatchRuntime, Observer, PacketRegistry
from fbcore.observers.opentelemetry import OpenTelemetrySpans
from fbcore.observers.prometheus import PrometheusMetrics
from tests.laws.agreement import check_all
from tests.laws.nets import plans
from tests.laws.plan import Plan
from tests.laws.reference import interpret
from tests.laws.running import BATCHED, run_plan, stepped
from tests.laws.sameness import account_of


def watched_by(*observers: Observer) -> Callable[[BatchRuntime], None]:
    """Return what makes a runtime run its nets with these observers."""

    def prepare(runtime: BatchRuntime) -> None:
        run: Any = runtime.arun
        runtime.arun = lambda **given: run(**{**given, "observers": observers})  # type: ignore[method-assign]

    return prepare


@pytest.mark.slow
@settings(max_examples=40)
@given(plans())
def test_metrics_say_what_the_account_says(plan: Plan) -> None:
    """A net that is measured writes the same report, in batches as before; every packet is in its metrics."""
    registry = CollectorRegistry()
    run = run_plan(plan, BATCHED, prepare=watched_by(PrometheusMetrics(registry)))
    assert account_of(run) == account_of(run_plan(plan, BATCHED))
    result = run.result

    def value(name: str, **labels: str) -> float:
        return registry.get_sample_value(name, {"net": result.name, **labels}) or 0

    for edge in result.edges.values():
        assert value("fbcore_edge_put_total", edge=edge.address) == edge.put
        assert value("fbcore_edge_taken_total", edge=edge.address) == edge.taken
    for address, count in result.discarded.items():
        node, _, port = address.rpartition(".")
        node, port = (address, "out") if node == "inputs" else (node, port)
        assert value("fbcore_port_discarded_total", node=node, port=port) == count
    assert value("fbcore_net_left_total", how="unread") == sum(map(len, result.unread.values()))
    assert value("fbcore_net_left_total", how="held") == len(result.held)
    assert value("fbcore_net_runs_total", outcome=str(result.outcome)) == 1


@pytest.mark.slow
@settings(max_examples=30)
@given(plans())
def test_a_trace_is_the_history_of_its_packets(plan: Plan) -> None:
    """A net that is traced ends as it may; where a function made a packet, the spans of both are parent and child."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    run = run_plan(plan, stepped(1).tracked(), prepare=watched_by(OpenTelemetrySpans(provider)))
    check_all(run, interpret(plan))
    classes = {node.id for node in plan.nodes if node.style == "class"}
    on_any = {node.id for node in plan.nodes if node.kind == "latest"}
    spans = {span.context.span_id: span for span in exporter.get_finished_spans()}
    (whole,) = [span for span in spans.values() if span.name.startswith("run ")]
    assert all(span.end_time is not None and span.end_time <= (whole.end_time or 0) for span in spans.values())
    for span in spans.values():
        for id in packets(span):
            maker, makers = makers_of(id, run.result.packets)
            if not makers or maker in classes or span.parent is None:
                continue
            before = {each for other in (span.parent, *linked(span)) for each in packets(spans[other.span_id])}
            # Who fires on any input keeps values of the others, which the history counts among the parents.
            is_made = bool(makers & before) if maker in on_any else makers <= before
            assert is_made or was_passed_on(id, maker, before, run.result.packets)


def packets(span: ReadableSpan) -> list[str]:
    return list((span.attributes or {}).get("fbcore.packets", ()))  # type: ignore[arg-type]


def linked(span: ReadableSpan) -> list[Any]:
    return [link.context for link in span.links]


def was_passed_on(id: str, maker: str, before: set[str], registry: PacketRegistry) -> bool:
    """Say whether a packet, or what it is a copy of, came to the node before as it is, and was only sent on."""
    is_copy = "->" in id
    if is_copy:
        originals = set(map(str, registry.parents(id)))
        if originals <= before and not any(each.startswith(f"{maker}.") for each in originals):
            return True
    moves = sum(activity.kind == "movement" for activity in registry.activities(id))
    return id in before and moves > (1 if is_copy else 2)


def makers_of(id: str, registry: PacketRegistry) -> tuple[str, set[str]]:
    """Return the node that made a packet, and what of, as far as that is known; of a copy, that of the original."""
    parents = registry.parents(id)
    if "->" in id:
        parents = tuple(each for parent in parents for each in registry.parents(parent))
    return id.partition(".")[0], set() if registry.is_assumed(id) else set(map(str, parents))

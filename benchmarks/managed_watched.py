"""What it costs to watch a loaded net: metrics of each kind, and spans of all its packets or of a hundredth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks.case import Case, Effort, Measurement, cost, cpu_seconds, paired
from benchmarks.managed_net import HOPS, readings
from fbcore import BatchRuntime, Observer

Observers = Callable[[], Sequence[Observer]]


def metrics(times: str) -> Observers:
    """Return what makes an observer with metrics, in a registry of its own."""

    def make() -> list[Observer]:
        from prometheus_client import CollectorRegistry

        from fbcore.observers.prometheus import PrometheusMetrics

        return [PrometheusMetrics(CollectorRegistry(), times=times)]  # type: ignore[arg-type]

    return make


def spans(share: float) -> Observers:
    """Return what makes an observer with spans of a share of the packets, which go nowhere."""

    def make() -> list[Observer]:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

        from fbcore.observers.opentelemetry import OpenTelemetrySpans

        return [OpenTelemetrySpans(TracerProvider(sampler=ParentBased(TraceIdRatioBased(share))))]

    return make


def watched(name: str, observers: Observers, usual: int, most: float | None = None) -> Measurement:
    """Measure a loaded net that is watched against the same net that nobody watches."""

    def measure(effort: Effort) -> Iterator[Case]:
        count = effort.packets(usual)

        def run(given: Sequence[Observer]) -> None:
            assert BatchRuntime(readings(count)).run(observers=given).outputs.total == [count]

        def ours() -> float:
            given = observers()
            return cpu_seconds(lambda: run(given))

        def theirs() -> float:
            return cpu_seconds(lambda: run(()))

        ours(), theirs()
        ratios, mine, plain = paired(ours, theirs, effort)
        more = [1e6 * (one - other) / count / HOPS for one, other in zip(mine, plain, strict=True)]
        yield cost(f"{name}, more on each hop", more, ratios, "µs", "nobody watches", most)

    return Measurement(name, measure)


def measurements() -> Iterator[Measurement]:
    """Yield what is measured of nets that are watched."""
    yield watched("metrics that time nothing", metrics("nothing"), 20_000)
    yield watched("metrics that time firings", metrics("firings"), 20_000)
    yield watched("metrics that time packets", metrics("packets"), 10_000)
    yield watched("spans of all packets", spans(1.0), 1_000)
    yield watched("spans of a hundredth", spans(0.01), 3_000)

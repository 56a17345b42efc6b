"""Metrics of nets for Prometheus: packets, fill, latency, retries, restarts, and how nets ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from fbcore.errors import InputError, shown
from fbcore.net.observe import Observer
from fbcore.net.view import NetView
from fbcore.observers.encodable import encodable
from fbcore.observers.extra import need
from fbcore.observers.histogram import SECONDS
from fbcore.observers.net_metrics import FiringTimes, NetMetrics, PacketTimes
from fbcore.observers.tally import FAMILIES, RUNNING, Family, Labels, Tally

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

    from fbcore.observers.metrics_server import MetricsServer

Times = Literal["nothing", "firings", "packets"]
"""What is timed one by one."""

_KINDS: dict[str, type[NetMetrics]] = {"nothing": NetMetrics, "firings": FiringTimes, "packets": PacketTimes}


class PrometheusMetrics(Observer):
    """Metrics of every net that it observes, in a registry of `prometheus_client`.

    One object serves any number of runs, one after the other or together; their counts add up by the name of the
    graph. Packets cost nothing, for edges and ports count them anyway, and are read when somebody asks. What is timed
    costs: `times="firings"`, each call of a function, about a microsecond; `times="packets"`, how long each packet
    lies on its edge, too, which makes all of them take the slow path; `times="nothing"` nothing. `buckets` are the
    upper bounds of what times are told apart by, in seconds.

    `registry` is that of `prometheus_client` itself, if none is given, so that a server which shows it shows nets too.
    `close` takes the metrics out of it.

    Raises:
        ExtraError: `prometheus_client` is not installed.
        InputError: the registry has metrics of nets already, or an option cannot be so.

    Example:
        from prometheus_client import CollectorRegistry

        from fbcore.observers.prometheus import PrometheusMetrics

        @component
        def double(number: int) -> int:
            return 2 * number

        registry = CollectorRegistry()
        metrics = PrometheusMetrics(registry)
        BatchRuntime(double).run(inputs={"number": Each([1, 2, 3])}, observers=[metrics])
        print(registry.get_sample_value("fbcore_firing_seconds_count", {"net": "double", "node": "double"}))
        #> 3.0
    """

    def __init__(
        self, registry: CollectorRegistry | None = None, *, times: Times = "firings", buckets: Sequence[float] = SECONDS
    ) -> None:
        need("prometheus_client", "metrics for Prometheus need prometheus_client", "metrics")
        if registry is None:
            from prometheus_client import REGISTRY

            registry = REGISTRY
        self._bounds = _bounds(buckets)
        if times not in _KINDS:
            raise InputError(f"it cannot time {shown(times)}", "times", f"say {', '.join(map(repr, _KINDS))}")
        self._kind = _KINDS[times]
        self._lock = threading.Lock()
        self._running: list[NetMetrics] = []
        self._past = Tally(self._bounds)
        self.registry = registry
        try:
            registry.register(self)
        except ValueError:
            hint = "use one PrometheusMetrics for all runs, `close` the other, or give a registry of its own"
            raise InputError("the registry has metrics of nets already", "registry", hint) from None

    def close(self) -> None:
        """Take the metrics out of their registry."""
        self.registry.unregister(self)

    # -- as an observer ----------------------------------------------------------------------------

    def begun(self, net: NetView) -> Observer:
        """Let an observer of its own watch each net."""
        watching = self._kind(net, self._bounds, self._ended)
        with self._lock:
            self._running.append(watching)
        return watching

    def _ended(self, net: NetMetrics, last: Tally) -> None:
        with self._lock:
            self._running.remove(net)
            self._past.take_in(last, is_over=True)
            self._past.add(RUNNING, (net.name,), 0)

    # -- as a collector ----------------------------------------------------------------------------

    def describe(self) -> Iterator[Metric]:
        """Yield the families without values, which is how a registry learns their names."""
        return map(_metric, FAMILIES)

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics as they are now."""
        with self._lock:
            running = list(self._running)
        # Without the lock, for a loop that answers may be about to say that its net has ended.
        readings = [(net, net.reading()) for net in running]
        total = Tally(self._bounds)
        with self._lock:
            total.take_in(self._past)
            for net, reading in readings:
                if net in self._running:
                    total.take_in(reading)
        for family in FAMILIES:
            yield _filled(family, total)

    def serve(self, port: int = 0, host: str = "127.0.0.1") -> MetricsServer:
        """Serve all metrics of the registry over HTTP, at `/metrics`, from a thread; port 0 is one that is free.

        Use it with `with`, or `close` it. `url` is where it is.

        Raises:
            InputError: the port is in use, or cannot be had.

        Example:
            from urllib.request import urlopen

            from prometheus_client import CollectorRegistry

            from fbcore.observers.prometheus import PrometheusMetrics

            with PrometheusMetrics(CollectorRegistry()).serve() as server:
                print("fbcore_net_runs" in urlopen(server.url).read().decode())
            #> True
        """
        from fbcore.observers.metrics_server import MetricsServer

        return MetricsServer(self.registry, host, port)


def _bounds(buckets: Sequence[float]) -> tuple[float, ...]:
    try:
        bounds = tuple(float(bound) for bound in buckets)
    except (TypeError, ValueError):
        bounds = ()
    if bounds[-1:] == (float("inf"),):
        bounds = bounds[:-1]
    if not bounds or not all(map(isfinite, bounds)) or list(bounds) != sorted(set(bounds)) or bounds[0] < 0:
        raise InputError(f"{shown(buckets)} are no buckets", "buckets", "give rising numbers of seconds: (0.001, 0.1)")
    return bounds


def _metric(family: Family) -> Any:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    kinds = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}
    return kinds[family.kind](family.name, family.help, labels=family.labels)


def _filled(family: Family, total: Tally) -> Metric:
    metric: Any = _metric(family)
    for labels, value in total.values.get(family, {}).items():
        metric.add_metric(_encodable(labels), value)
    for labels, histogram in total.durations.get(family, {}).items():
        metric.add_metric(_encodable(labels), buckets=histogram.buckets(), sum_value=histogram.total)
    return metric  # type: ignore[no-any-return]


def _encodable(labels: Labels) -> Labels:
    """Return labels that can be sent: one that could not would cost the whole answer."""
    return tuple(map(encodable, labels))

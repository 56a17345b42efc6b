"""Metrics as Prometheus reads them: what the server sends, parsed by another party's parser."""

import asyncio
import threading
from collections import defaultdict
from itertools import pairwise
from typing import Any
from urllib.request import Request, urlopen

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parsed_openly
from prometheus_client.parser import text_string_to_metric_families as parsed

from fbcore import BatchRuntime, Component, Each, Graph, In, Out, OutArray, component
from fbcore.observers import net_metrics
from fbcore.observers.prometheus import PrometheusMetrics
from fbcore.observers.tally import FAMILIES
from tests.observers.test_otlp import managed

OPENLY = "application/openmetrics-text; version=1.0.0"

Values = dict[tuple[str, ...], float]


class Scrape:
    """What one request has got: the families, and the value of each series by its name and labels."""

    def __init__(self, url: str, *, openly: bool = False) -> None:
        request = Request(url, headers={"Accept": OPENLY} if openly else {})
        with urlopen(request, timeout=60) as answer:
            text = answer.read().decode()
        self.families: dict[str, Metric] = {each.name: each for each in (parsed_openly if openly else parsed)(text)}
        self.values: dict[str, Values] = defaultdict(dict)
        for family in self.families.values():
            for sample in family.samples:
                # By the names of labels, but the bounds of buckets last.
                labels = sorted(sample.labels.items(), key=lambda label: (label[0] == "le", label))
                key = tuple(value for name, value in labels if name != "net")
                assert key not in self.values[sample.name], "a series is there twice"
                self.values[sample.name][key] = sample.value

    def counts(self, name: str) -> dict[str, float]:
        """Return a count for each node."""
        return {key[0]: value for key, value in self.values[name].items()}


def watched(target: Any, **how: Any) -> tuple[PrometheusMetrics, Any]:
    metrics = PrometheusMetrics(CollectorRegistry(), times=how.pop("times", "firings"))
    settings, inputs = how.pop("settings", None), how.pop("inputs", {})
    return metrics, BatchRuntime(target, settings=settings).run(inputs=inputs, observers=[metrics], raises=False)


def check_histograms(scrape: Scrape) -> None:
    """Buckets that rise, hold what the ones before them hold, and end with all; a sum that they allow."""
    for name in ("fbcore_firing_seconds", "fbcore_edge_wait_seconds"):
        series: dict[tuple[str, ...], list[tuple[float, float]]] = defaultdict(list)
        for *labels, bound in scrape.values[f"{name}_bucket"]:
            series[tuple(labels)].append((float(bound), scrape.values[f"{name}_bucket"][*labels, bound]))
        assert set(series) == set(scrape.values[f"{name}_count"]) == set(scrape.values[f"{name}_sum"])
        for labels, buckets in series.items():
            bounds, counts = zip(*buckets, strict=True)
            assert list(bounds) == sorted(set(bounds))
            assert list(counts) == sorted(counts)
            assert (bounds[-1], counts[-1]) == (float("inf"), scrape.values[f"{name}_count"][labels])
            assert scrape.values[f"{name}_sum"][labels] >= 0


@pytest.mark.parametrize("openly", [False, True], ids=["text", "openmetrics"])
def test_a_managed_net_as_prometheus_reads_it(openly):
    """In both formats: every family with its type and its help, and the counts are those of the result."""
    graph, settings = managed()
    metrics, result = watched(graph, settings=settings, inputs={"number": Each([1, 2, 3])}, times="packets")
    with metrics.serve() as server:
        scrape = Scrape(server.url, openly=openly)
    for family in FAMILIES:
        # Only OpenMetrics keeps the name of a counter from that of its series.
        found = scrape.families[family.name]
        assert (found.type, found.documentation) == (family.kind, family.help)
    check_histograms(scrape)
    assert scrape.counts("fbcore_firing_retries_total") == result.retries == {"shaky": 6}
    assert scrape.counts("fbcore_node_restarts_total") == result.restarts == {"box.stumbles": 1}
    assert scrape.values["fbcore_node_dead_letters_total"] == {("KeyError", "last"): len(result.dead_letters)}
    assert scrape.values["fbcore_firing_failed_total"] == {("OSError", "shaky"): 6, ("KeyError", "last"): 1}
    assert scrape.counts("fbcore_firing_seconds_count") == {"shaky": 9, "last": 3}
    sent = {(node, port): count for (node, port), count in scrape.values["fbcore_port_sent_total"].items()}
    assert sent == {("inputs.number", "out"): 3, ("shaky", "out"): 3, ("box.stumbles", "out"): 3, ("last", "out"): 2}
    assert scrape.values["fbcore_net_runs_total"] == {("finished",): 1}


def test_labels_come_back_as_they_were():
    """Quotes, ends of lines and backslashes; halves of letters, which nobody can send, cost no scrape."""

    class Split(Component):
        number: In[int]
        parts: OutArray[int]

        async def run(self) -> None:
            async for number in self.number:
                for key in self.parts:
                    await self.parts[key].send(number)

    class Odd(Exception):  # noqa: N818 - its name is not this one
        pass

    Odd.__name__ = 'a "b"\n\\n'

    @component
    def fails(number: int) -> None:
        raise Odd

    graph = Graph("odd")
    graph.inputs.number >> graph.add(Split).number
    keys = ['say "x"', "back\\slash\\n", "日本", "half \udcff"]
    for number, key in enumerate(keys):
        graph["split"].parts[key] >> graph.add(fails, f"fails_{number}").number
    metrics, _ = watched(graph, inputs={"number": 1})
    with metrics.serve() as server:
        for openly in (False, True):
            scrape = Scrape(server.url, openly=openly)
            ports = {port for node, port in scrape.values["fbcore_port_sent_total"] if node == "split"}
            assert ports == {f"parts[{key}]" for key in (*keys[:3], "half \\udcff")}
            assert {error for error, _ in scrape.values["fbcore_node_errors_total"]} == {Odd.__name__}


def test_scrapes_while_packets_run_agree_with_themselves(monkeypatch):
    """From another thread, at any moment: what was put lies there or was taken, and no count ever falls."""
    ready, enough = threading.Event(), threading.Event()
    # However slow the machine: what is read from outside of the loop may be a turn old.
    monkeypatch.setattr(net_metrics, "PATIENCE", 60)

    class Numbers(Component):
        out: Out[int]

        async def run(self) -> None:
            number = 0
            while not enough.is_set():
                await self.out.send(number)
                number += 1
                if number == 1000:
                    ready.set()
                if number % 100 == 0:
                    await asyncio.sleep(0)

    @component
    def shift(number: int) -> int:
        return number + 1

    graph = Graph("busy")
    out: Any = graph.add(Numbers).out
    for index in range(5):
        node = graph.add(shift, f"shift_{index}")
        out >> node.number
        out = node.out
    metrics = PrometheusMetrics(CollectorRegistry())
    runs = threading.Thread(target=BatchRuntime(graph).run, kwargs={"observers": [metrics]})
    with metrics.serve() as server:
        runs.start()
        assert ready.wait(60)
        scrapes = [Scrape(server.url) for _ in range(10)]
        enough.set()
        runs.join()
        scrapes.append(Scrape(server.url))
    series = [sum(map(len, scrape.values.values())) for scrape in scrapes[:-1]]
    assert len(set(series)) == 1, "packets make no series"
    for scrape in scrapes:
        check_histograms(scrape)
        taken, fill = scrape.values["fbcore_edge_taken_total"], scrape.values["fbcore_edge_fill"]
        for edge, put in scrape.values["fbcore_edge_put_total"].items():
            assert put == taken[edge] + fill.get(edge, 0)
            assert 0 <= fill.get(edge, 0) <= 64
    for before, after in pairwise(scrapes):
        for name, values in before.values.items():
            if name.endswith(("_total", "_bucket", "_count")):
                assert all(after.values[name][key] >= value for key, value in values.items()), name
    last = scrapes[-1]
    counts = {value for key, value in last.values["fbcore_port_sent_total"].items()}
    assert len(counts) == 1
    assert set(last.counts("fbcore_firing_seconds_count").values()) == counts

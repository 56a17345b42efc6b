"""Components on the shelf that keep what they know in memories can be begun anew at any receive."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fbcore import Each, Graph, SteppedLoop
from fbcore.components.bar_chart import BarChart
from fbcore.components.chart_page import ChartPage
from fbcore.components.collect import Collect
from fbcore.components.count import Count
from fbcore.components.join import JoinByKey
from fbcore.components.text_table import TextTable
from fbcore.model.graph import spec_of
from fbcore.model.port_spec import PortKind
from fbcore.net.build import build_net
from fbcore.net.net import Net

ROWS = [{"sky": "rain", "delay": 27.3}, {"sky": "clear", "delay": 10.9}, {"sky": "snow", "delay": 41.0}]
CHART = {"label": "sky", "value": "delay", "title": "Delay"}


def around(target: Any, configs: dict[str, Any]) -> Graph:
    graph = Graph("alone")
    node = graph.add(target, "node", **configs)
    for port in spec_of(target).of(PortKind.INPUT):
        getattr(graph.inputs, port.name) >> getattr(node, port.name)
    for port in spec_of(target).of(PortKind.OUTPUT):
        getattr(node, port.name) >> getattr(graph.outputs, port.name)
    return graph


class Half:
    """Runs a net until an input has sent some of its packets and all stand still; then takes its memories."""

    def __init__(self, graph: Graph, inputs: dict[str, list[Any]], stored: dict[str, Any] | None = None) -> None:
        self.graph = graph
        self.inputs = inputs
        self.before = stored
        self.stored: dict[str, Any] = {}
        self.net: Net

    def run(self, cut: str = "") -> dict[str, list[Any]]:
        """Run it; the input `cut` does not end, so that the net is stopped when it has no more."""

        async def main() -> None:
            self.net = build_net(
                self.graph,
                {name: Each(self._until(values) if name == cut else values) for name, values in self.inputs.items()},
            )
            for name, memory in self._memories().items():
                if self.before is not None:
                    memory.load(self.before[name])
            await self.net.run()

        with asyncio.Runner(loop_factory=SteppedLoop) as runner:
            runner.run(main())
        assert self.net.result is not None
        outputs = self.net.result.outputs
        return {name: list(outputs[name]) for name in outputs}

    async def _until(self, values: list[Any]) -> AsyncIterator[Any]:
        for value in values:
            yield value
        await asyncio.sleep(1)
        self.stored = {name: memory.dump() for name, memory in self._memories().items()}
        self.net.stop_at_once("enough")
        await asyncio.sleep(0)

    def _memories(self) -> dict[str, Any]:
        return next(node.memories for node in self.net.nodes if node.address == "node")


@pytest.mark.parametrize("cut", range(4))
@pytest.mark.parametrize(
    ("target", "port", "configs"),
    [
        (Count, "items", {}),
        (Collect, "items", {}),
        (TextTable, "rows", {"formats": {"delay": ".1f"}}),
        (BarChart, "rows", CHART),
        (ChartPage, "rows", CHART),
    ],
)
def test_a_component_goes_on_with_its_memories(
    target: Any, port: str, configs: dict[str, Any], cut: int, tmp_path: Path
) -> None:
    """What was taken by one run and then by another comes out as if one had taken it all."""
    if "title" in configs:
        configs = {**configs, "path": tmp_path / "chart"}
    whole = Half(around(target, configs), {port: ROWS}).run()
    written = (tmp_path / "chart").read_text() if "path" in configs else ""
    first = Half(around(target, configs), {port: ROWS[:cut]})
    sent = first.run(port)
    then = Half(around(target, configs), {port: ROWS[cut:]}, first.stored).run()
    assert {name: sent[name] + then[name] for name in whole} == whole
    assert written == ((tmp_path / "chart").read_text() if written else "")


@pytest.mark.parametrize("cut", range(4))
@pytest.mark.parametrize("port", ["left", "right"])
def test_a_join_goes_on_with_its_table(port: str, cut: int) -> None:
    """A join may be begun anew while it reads its table, and while the stream passes."""
    towns = [{"sky": sky, "wet": sky != "clear"} for sky in ("rain", "clear", "hail")]
    inputs = {"left": ROWS, "right": towns}
    whole = Half(around(JoinByKey, {"key": "sky"}), inputs).run()
    assert [len(values) for values in whole.values()] == [2, 1]
    before = {**inputs, port: inputs[port][:cut]}
    after = {**inputs, "right": [], port: inputs[port][cut:]}
    first = Half(around(JoinByKey, {"key": "sky"}), before)
    sent = first.run(port)
    then = Half(around(JoinByKey, {"key": "sky"}), after, first.stored).run()
    assert {name: sent[name] + then[name] for name in whole} == whole

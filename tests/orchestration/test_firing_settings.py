"""Where policies of firings can be said, and what is refused, or doubted, before anything runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Breaker,
    Component,
    CompositeComponent,
    Graph,
    In,
    NetSettings,
    NodeSettings,
    Out,
    Rate,
    Retry,
    SettingsError,
    SubNetSettings,
    component,
)
from fbcore.orchestration.firings import PolicedFiring
from fbcore.orchestration.fitting import doubts
from fbdev.cli import main
from tests.orchestration.test_unused import Passes

NET = """
from fbcore import Component, Graph, In, component

class Reads(Component):
    number: In[int]

    async def run(self) -> None:
        await self.number.receive()

graph = Graph("reading")
graph.inputs.number >> graph.add(Reads).number
"""

POLICIES: dict[str, Any] = {"retry": Retry(), "breaker": Breaker(), "rate": Rate(1000)}


@component
def double(number: int) -> int:
    return 2 * number


class Inner(CompositeComponent):
    """A class and a function, one after the other."""

    number: In[int]
    doubled: Out[int]

    def build(self, graph: Graph) -> None:
        first, second = graph.add(Passes), graph.add(double)
        graph.inputs.number >> first.number
        first.passed >> second.number
        second.out >> graph.outputs.doubled


def mixed() -> Graph:
    """Return a graph of a composite, in which there are a class and a function."""
    graph = Graph("mixed")
    inner = graph.add(Inner)
    graph.inputs.number >> inner.number
    inner.doubled >> graph.outputs.doubled
    return graph


@pytest.mark.parametrize("name", POLICIES)
def test_of_a_class_that_is_named_it_is_refused(name: str) -> None:
    """With the line, and with what a class has instead."""
    settings = NetSettings(nodes={"inner.passes": NodeSettings(**{name: POLICIES[name]})})
    with pytest.raises(SettingsError) as caught:
        BatchRuntime(mixed(), settings=settings).run(inputs={"number": 1})
    said = str(caught.value)
    assert f'nodes."inner.passes": `{name}` is for the firings of functions, and Passes is a class' in said
    assert "test_firing_settings.py:" in said
    assert "a class has `restart`" in said


@pytest.mark.parametrize("name", POLICIES)
def test_a_pattern_means_the_functions_in_it(name: str) -> None:
    """Of the whole net, of a composite, and of a pattern; and None, which takes it back, may be said of any node."""
    said = {name: POLICIES[name]}
    for settings in (
        NetSettings(**said),
        NetSettings(subnets={"inner": SubNetSettings(**said)}),
        NetSettings(nodes={"inner.*": NodeSettings(**said)}),
        NetSettings(nodes={"**.passes": NodeSettings(**said)}),
        NetSettings(**said, nodes={"inner.passes": NodeSettings(**{name: None})}),
    ):
        result = BatchRuntime(mixed(), settings=settings).run(inputs={"number": 1})
        assert result.outputs.doubled == [2]


def test_only_functions_with_policies_fire_by_them() -> None:
    """The others keep their plain firing, which has nothing to ask."""
    graph, works = mixed(), {}

    from fbcore import Orchestrator

    class Looks(Orchestrator):
        async def run(self, net: Any) -> Any:
            works.update({node.address: type(getattr(node.work, "__self__", None)) for node in net.nodes})
            return await super().run(net)

    settings = NetSettings(nodes={"inner.double": NodeSettings(retry=Retry())})
    BatchRuntime(graph, settings=settings, orchestrator=Looks()).run(inputs={"number": 1})
    assert [address for address, kind in works.items() if kind is PolicedFiring] == ["inner.double"]


def test_what_yields_and_is_tried_again_is_doubted() -> None:
    """For only until its first item has left; buffered, or tried once, it is not."""

    @component
    def each(number: int) -> Iterator[int]:
        yield number

    @component(buffered=True)
    def every(number: int) -> Iterator[int]:
        yield number

    def found(function: Any, **said: Any) -> list[str]:
        graph = Graph("streams")
        graph.inputs.number >> graph.add(function, "node").number
        graph["node"].out >> graph.outputs.out
        return [problem.what for problem in doubts(NetSettings(**said), graph)]

    assert found(each, retry=Retry()) == ["it is tried again until its first item has left, and not after that"]
    assert found(every, retry=Retry()) == found(each, retry=Retry(1)) == found(each) == []


@pytest.mark.slow
def test_check_says_it_with_the_line_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As `fbdev check --settings` shows it."""
    net, file = tmp_path / "net.py", tmp_path / "net.toml"
    net.write_text(NET, encoding="utf-8")
    file.write_text("[nodes.reads]\nrate = 100\n", encoding="utf-8")
    assert main(["check", str(net), "--settings", str(file)]) == 1
    said = capsys.readouterr().out
    assert "`rate` is for the firings of functions, and Reads is a class" in said
    assert "net.toml:2" in said


@pytest.mark.parametrize("value", [3, "often", Retry])
def test_what_is_no_policy_is_refused(value: Any) -> None:
    """In Python a policy is said in full."""
    with pytest.raises(SettingsError, match=r"give Retry\(\.\.\.\)"):
        NodeSettings(retry=value)


def test_a_class_may_have_none() -> None:
    """None is no policy, and nothing to refuse."""

    class Ends(Component):
        async def run(self) -> None:
            pass

    settings = NetSettings(nodes={"ends": NodeSettings(retry=None, breaker=None, rate=None)})
    assert BatchRuntime(Ends, settings=settings).run().outcome == "finished"

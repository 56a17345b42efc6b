"""What earlier runtimes of this kind got wrong in running is kept right here: one promise for each fault."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires

import pytest
from packaging.requirements import Requirement

from fbcore import BatchRuntime, Component, Config, ConfigError, Each, Graph, In, NetError, Out, Outcome, component


@component
def same(value: int) -> int:
    return value


class Numbers(Component):
    """Sends so many numbers."""

    count: Config[int] = Config(default=6)
    number: Out[int]

    async def run(self) -> None:
        for number in range(self.count.value):
            await self.number.send(number)


class Silent(Component):
    """Takes everything and sends nothing."""

    value: In[int]
    never: Out[int]

    async def run(self) -> None:
        async for _ in self.value:
            pass


def core_distributions() -> set[str]:
    """Return the distributions that a plain install of the package brings."""
    found, waiting = set(), ["fbdev"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            needed = [Requirement(line) for line in requires(name) or ()]
            waiting += [each.name.lower() for each in needed if not each.marker or each.marker.evaluate({"extra": ""})]
    return {name.replace("_", "-") for name in found}


NEED_MORE = (
    *("__main__", "pytest_plugin"),
    # Exploring under pytest, which loads them.
    *(f"fbdev.explore.pytest_{name}" for name in ("case", "fixtures", "item", "report")),
    # The debugger's screen, which is the extra `step`.
    *(f"fbdev.step.{name}" for name in ("app", "dialogs", "keys", "palette", "rows")),
    # Spans, which are the extra `otel`; `opentelemetry` beside them loads these when it is used.
    *(f"fbcore.observers.{name}" for name in ("handling", "net_spans")),
)
"""What a plain install is not enough for, or pytest imports."""


@pytest.mark.slow
def test_a_plain_install_is_enough_to_import_it():
    """What importing both packages loads comes from declared dependencies, none of them an extra's."""
    program = f"""if True:
        import importlib, pkgutil, sys
        NEED_MORE = {NEED_MORE!r}
        before = set(sys.modules)
        import fbcore, fbdev
        for package in (fbcore, fbdev):
            for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
                if not module.name.endswith(NEED_MORE):
                    importlib.import_module(module.name)
        loaded = {{name: getattr(sys.modules[name], "__file__", None) or "" for name in set(sys.modules) - before}}
        print(*{{name.partition(".")[0] for name, file in loaded.items() if "site-packages" in file}})
    """
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    owners = packages_distributions()
    used = {owner.lower().replace("_", "-") for name in loaded for owner in owners.get(name, ())}
    assert "rich" in used
    assert used - core_distributions() == set()


def test_a_net_whose_output_is_never_sent_ends():
    """It finishes, and its output is empty."""
    graph = Graph("silent")
    silent = graph.add(Silent)
    graph.inputs.value >> silent.value
    silent.never >> graph.outputs.nothing
    result = BatchRuntime(graph).run(inputs={"value": Each(range(5))}, time_limit=100)
    assert (result.outcome, result.outputs.nothing) == (Outcome.FINISHED, [])


def test_a_net_in_which_everyone_waits_is_known_to_be_blocked():
    """Two nodes that wait for each other are told apart from two that work, without a time-out."""
    graph = Graph("waiting")
    one, two = graph.add(same, "one"), graph.add(same, "two")
    one.out >> two.value
    two.out >> one.value
    result = BatchRuntime(graph).run(time_limit=100)
    assert result.outcome is Outcome.QUIESCENT
    assert result.seconds < 100


def test_a_net_with_configs_runs():
    """A value that is given arrives, a default is applied, and both are there before the node starts."""
    graph = Graph("configured")
    given, default = graph.add(Numbers, "given"), graph.add(Numbers, "default")
    graph.configs.count >> given.count
    given.number >> graph.outputs.few
    default.number >> graph.outputs.many
    result = BatchRuntime(graph).run(count=2, time_limit=100)
    assert (result.outputs.few, result.outputs.many) == ([0, 1], [0, 1, 2, 3, 4, 5])


def test_a_required_config_that_is_missing_is_named():
    """The run is refused with the config's address instead of waiting for it."""

    class Needs(Component):
        size: Config[int]

        async def run(self) -> None: ...

    graph = Graph("needing")
    graph.configs.size >> graph.add(Needs).size
    with pytest.raises(ConfigError, match=r"configs\.size: .*needs\.size"):
        BatchRuntime(graph).run()


def test_a_function_gets_the_value_of_its_config():
    """A parameter with a default is a value in the function, not a port."""

    @component
    def scale(value: int, factor: int = 3) -> int:
        assert type(factor) is int
        return value * factor

    graph = Graph("scaling")
    node = graph.add(scale)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.scaled
    assert BatchRuntime(graph).run(inputs={"value": 2}).outputs.scaled == [6]


def test_a_node_is_one_task_and_the_end_leaves_none():
    """No tasks for edges, ports, or messages that nobody reads."""
    counts = []

    class Counts(Component):
        value: In[int]

        async def run(self) -> None:
            while True:
                await self.value.receive()
                counts.append(len(asyncio.all_tasks()))

    graph = Graph("counting")
    graph.add(Numbers).number >> graph.add(Counts).value

    async def main() -> int:
        await BatchRuntime(graph).arun()
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1
    assert max(counts) <= 3


def test_a_run_can_be_limited_in_time_and_stopped_from_outside():
    """Nothing waits for ever unless asked to, and `stop` reaches a loop in another thread."""
    begun = threading.Event()

    class Waits(Component):
        async def run(self) -> None:
            begun.set()
            await asyncio.sleep(1000)

    graph = Graph("waits")
    graph.add(Waits)
    runtime = BatchRuntime(graph)
    with pytest.raises(NetError, match="time limit"):
        runtime.run(time_limit=0.01)
    begun.clear()
    results = []
    thread = threading.Thread(target=lambda: results.append(runtime.run(time_limit=20)))
    thread.start()
    begun.wait(100)
    runtime.stop("enough")
    thread.join(100)
    assert [result.reason for result in results] == ["enough"]


def test_an_error_is_found_by_its_address():
    """It is no bare exception of unknown origin: the node and the packet are named, and its type is kept."""

    @component
    def fail(value: int) -> int:
        raise KeyError(value)

    graph = Graph("failing")
    node = graph.add(fail)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.never
    with pytest.raises(NetError) as caught:
        BatchRuntime(graph).run(inputs={"value": 3})
    (error,) = caught.value.result.errors
    assert (error.address, error.held, type(error.cause)) == ("fail", {"value": 3}, KeyError)


def test_addresses_are_the_same_in_every_run():
    """Nodes and edges are named by the graph, and not by numbers drawn for one process."""

    @component
    def echo(value: int) -> Iterator[int]:
        yield value

    graph = Graph("naming")
    node = graph.add(echo)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.echoes
    runs = [BatchRuntime(graph).run(inputs={"value": 1}) for _ in range(2)]
    assert [list(run.nodes) for run in runs] == [["echo", "inputs.value"]] * 2
    assert [list(run.edges) for run in runs] == [["inputs.value->echo.value", "echo.out->outputs.echoes"]] * 2

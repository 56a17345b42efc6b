"""Help for people who test components and nets: one component alone, a seeded order, virtual time, bad neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from fbcore.errors import InputError
from fbcore.loop import Seeded, SteppedLoop
from fbcore.model.component import Component
from fbcore.model.graph import Graph, spec_of
from fbcore.model.packet import Each
from fbcore.model.port import Config, In, Out
from fbcore.model.port_spec import PortKind
from fbcore.net.report import Outputs, Result
from fbcore.runtimes.batch import BatchRuntime
from fbcore.runtimes.blocking import run_on

T = TypeVar("T")


def run_component(component: Any, /, *, error: bool = False, **ports: Any) -> Outputs:
    """Run one component alone, and return what it sent: a list for each output.

    Inputs are given as lists of what comes in, by the name of the port (an array port as a dict from key to list),
    configs as values; an input that is not named gets nothing. `error=True` collects the failures in `error`
    of what is returned, instead of raising. It runs on virtual time, so that nothing waits.

    Raises:
        InputError: an input is given no list.
        ConfigError: a port is unknown, or a config does not fit its type.
        NetError: the component did not end well.

    Example:
        from fbcore.testing import run_component

        @component
        def words(line: str, sep: str = " ") -> list[str]:
            return line.split(sep)

        print(run_component(words, line=["a-b", "c"], sep="-").out)
        #> [['a', 'b'], ['c']]
    """
    known = spec_of(component).ports
    lists: dict[str, Any] = {}
    for name in [name for name in ports if name in known and known[name].kind in _COME_IN]:
        given = ports.pop(name)
        if known[name].is_array:
            lists |= {f"{name}[{key}]": values for key, values in given.items()}
        else:
            lists[name] = given
    runtime = BatchRuntime(component, elements=[name for name in lists if "[" in name], error=error)
    lists = {name: lists.get(name, ()) for name in runtime.graph.border("inputs")}
    inputs = {name: Each(_several(name, values)) for name, values in lists.items()}
    return run_on(SteppedLoop, lambda: runtime.arun(inputs=inputs, **ports)).outputs


_COME_IN = (PortKind.INPUT, PortKind.SIGNAL)


def _several(name: str, values: Any) -> Any:
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
        hint = f"give a list of everything that comes in: {name}=[...]"
        raise InputError(f"this input was given {values!r}", name, hint)
    return values


def run_stepped(graph: Graph, seed: int | None = None, /, **options: Any) -> Result:
    """Run a net on a stepped loop, and return its result: on virtual time, in an order that the seed determines.

    Without a seed whoever is ready first comes first. Options are those of `BatchRuntime.run`.

    Example:
        from fbcore.testing import run_stepped

        @component
        def square(x: int) -> int:
            return x * x

        graph = Graph("squares")
        graph.inputs.x >> graph.add(square).x
        graph["square"].out >> graph.outputs.y
        for seed in range(100):
            assert run_stepped(graph, seed, inputs={"x": Each(range(5))}).outputs.y == [0, 1, 4, 9, 16]
        print("the same in a hundred orders")
        #> the same in a hundred orders
    """
    return run_on(_loops(seed), lambda: BatchRuntime(graph).arun(**options))


def run_async(main: Callable[[], Coroutine[Any, Any, T]], seed: int | None = None, /) -> T:
    """Run a coroutine function on a stepped loop, and return its result: in virtual time, and in the order of a seed.

    Without a seed whoever is ready first comes first. The pytest fixture `stepped_loop` does this for a whole test.

    Raises:
        LoopError: it would wait for ever; the error says which tasks wait.

    Example:
        import asyncio
        from fbcore.testing import run_async

        async def main() -> str:
            queue = asyncio.Queue()
            asyncio.get_running_loop().call_later(3600, queue.put_nowait, "an hour later")
            return await queue.get()

        print(run_async(main, 7))
        #> an hour later
    """
    return run_on(_loops(seed), main)


def _loops(seed: int | None) -> Callable[[], SteppedLoop]:
    return SteppedLoop if seed is None else lambda: SteppedLoop(Seeded(seed))


# -- neighbours: crude, but what they do they really do ------------------------------------------------


class SlowSource(Component):
    """Send values one by one, each after so many seconds."""

    values: Config[list[Any]]
    every: Config[float] = Config(default=1.0)
    out: Out[Any]

    async def run(self) -> None:
        """Send them all."""
        for value in self.values.value:
            await asyncio.sleep(self.every.value)
            await self.out.send(value)


class SlowReader(Component):
    """Pass on what comes in, taking so many seconds for each packet."""

    value: In[Any]
    every: Config[float] = Config(default=1.0)
    out: Out[Any]

    async def run(self) -> None:
        """Pass on until no more come."""
        async for value in self.value:
            await asyncio.sleep(self.every.value)
            await self.out.send(value)


class EarlyLeaver(Component):
    """Pass on the first few packets, and end while more are to come."""

    value: In[Any]
    takes: Config[int] = Config(default=1)
    out: Out[Any]

    async def run(self) -> None:
        """Pass on that many, and leave."""
        for _ in range(self.takes.value):
            await self.out.send(await self.value.receive())


class Failing(Component):
    """Pass on a few packets, and raise RuntimeError at the next one."""

    value: In[Any]
    after: Config[int] = Config(default=0)
    out: Out[Any]

    async def run(self) -> None:
        """Pass on, and raise."""
        for _ in range(self.after.value):
            await self.out.send(await self.value.receive())
        value = await self.value.receive()
        raise RuntimeError(f"failing as asked, at {value!r}")


class NeverReads(Component):
    """Take nothing, and never end by itself: whoever sends to it waits once the edge is full."""

    value: In[Any]
    other: In[Any] = In(optional=True)

    async def run(self) -> None:
        """Wait for what never comes."""
        await asyncio.get_running_loop().create_future()

"""Stopping a managed net: draining or at once, as chosen; a second stop forces; nothing is lost unreported."""

import asyncio
from itertools import chain
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    Concurrency,
    DeadLetters,
    Each,
    End,
    FSMRuntime,
    Graph,
    In,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Restart,
    Result,
    Retry,
    SettingsError,
    component,
)
from fbcore.loop import Seeded, SteppedLoop
from fbcore.orchestration.settings_file import settings_from
from fbcore.runtimes.blocking import run_on


class Ticks(Component):
    """Sends a number every second, for ever."""

    tick: Out[int]

    async def run(self) -> None:
        for number in range(10**9):
            await self.tick.send(number)
            await asyncio.sleep(1)


class Gathers(Component):
    """Gathers numbers, a little slower than they come, and sends them all at the end."""

    number: In[int]
    all: Out[list[int]]

    async def run(self) -> None:
        seen = []
        async for number in self.number:
            seen.append(number)
            await asyncio.sleep(1.5)
        await self.all.send(seen)


def gathering() -> Graph:
    graph = Graph("gathering")
    ticks, gathers = graph.add(Ticks), graph.add(Gathers)
    ticks.tick >> gathers.number
    gathers.all >> graph.outputs.all
    return graph


def stopped(*stops: tuple[float, dict[str, Any]], settings: Any = None, graph: Graph | None = None) -> Result:
    """Run a net on virtual time, and stop its runtime at these times in these ways."""
    runtime = BatchRuntime(graph or gathering(), settings=settings)

    async def main() -> Result:
        for time, how in stops:
            asyncio.get_running_loop().call_later(time, lambda how=how: runtime.stop(**how))
        return await runtime.arun()

    return run_on(SteppedLoop, main)


# -- draining, or at once --------------------------------------------------------------------------------


def test_a_stop_drains_unless_it_is_said_otherwise() -> None:
    """What has been sent arrives, and is sent on."""
    result = stopped((4.2, {"reason": "enough"}))
    assert (result.outcome, result.reason, result.outputs.all) == ("stopped", "enough", [[0, 1, 2, 3, 4]])
    assert not result.held | result.unread


@pytest.mark.parametrize("settings", [NetSettings(stop="at once"), {"stop": "at once"}])
def test_settings_choose(settings: Any) -> None:
    """At once, every node is cancelled where it stands, and all packets are in the result."""
    result = stopped((4.2, {"reason": "enough"}), settings=settings)
    assert (result.outcome, result.reason, result.outputs.all, result.seconds) == ("stopped", "enough", [], 4.2)
    assert (result.held, result.unread) == ({"gathers.number": 2}, {"ticks.tick->gathers.number": [3, 4]})


def test_the_call_chooses_before_the_settings() -> None:
    """Either way."""
    assert stopped((4.2, {"how": "at once"})).outputs.all == []
    assert stopped((4.2, {"how": "drain"}), settings={"stop": "at once"}).outputs.all == [[0, 1, 2, 3, 4]]


@pytest.mark.parametrize("settings", [None, {"stop": "at once"}])
def test_a_second_stop_forces(settings: Any) -> None:
    """A drain is not waited for any longer; the reason has both."""
    result = stopped((4.2, {"reason": "enough"}), (5.0, {"reason": "now"}), settings=settings)
    if settings is None:
        assert (result.reason, result.seconds, result.outputs.all) == ("enough; now", 5.0, [])
        assert stopped((4.2, {}), (5.0, {})).reason == "asked to stop twice"
    else:
        assert (result.reason, result.seconds) == ("enough", 4.2)


def test_a_second_stop_cancels_again_who_has_swallowed_the_first() -> None:
    """A component that goes on after its cancellation need not be waited for."""
    cancelled = []

    class Stubborn(Component):
        number: In[int]
        all: Out[int]

        async def run(self) -> None:
            for _ in range(2):
                try:
                    await asyncio.sleep(100)
                except asyncio.CancelledError:
                    cancelled.append(asyncio.get_running_loop().time())

    graph = Graph("stubborn")
    graph.add(Ticks).tick >> graph.add(Stubborn).number
    graph["stubborn"].all >> graph.outputs.all
    result = stopped((1.5, {"how": "at once"}), (2.0, {}), graph=graph)
    assert (result.seconds, cancelled) == (2.0, [1.5, 2.0])


def test_grace_is_of_the_stop_of_the_run_or_of_the_settings() -> None:
    """In this order."""
    reasons = [
        stopped((4.2, {"grace": 1})).reason,
        stopped((4.2, {}), settings={"grace": 2}).reason,
        stopped((4.2, {"grace": 1, "reason": "enough"}), settings={"grace": 2}).reason,
    ]
    assert reasons == ["not drained in 1 s", "not drained in 2 s", "enough; not drained in 1 s"]


def test_what_is_no_way_to_stop_is_refused() -> None:
    """In settings, in a call, and by a component."""
    for refused in (lambda: NetSettings(stop="later"), lambda: settings_from({"stop": True})):
        with pytest.raises(SettingsError):
            refused()
    with pytest.raises(SettingsError, match="set"):
        settings_from({"nodes": {"a": {"stop": "drain"}}})

    class Asks(Component):
        all: Out[int]

        async def run(self) -> None:
            self.net.stop("x", "later")

    result = BatchRuntime(Asks).run(raises=False)
    assert (result.outcome, "it cannot be 'later'" in str(result.errors[0])) == ("failed", True)


def test_a_component_may_drain_its_net() -> None:
    """It says why; what is on its way arrives, and what it says again changes nothing."""

    class Enough(Component):
        number: In[int]
        all: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                await self.all.send(number)
                if number >= 3:
                    self.net.stop(f"{number} is enough", how="drain")

    graph = Graph("enough")
    graph.add(Ticks).tick >> graph.add(Enough).number
    graph["enough"].all >> graph.outputs.all
    result = run_on(SteppedLoop, lambda: BatchRuntime(graph, settings={"stop": "at once"}).arun())
    assert (result.outcome, result.reason, result.outputs.all) == ("stopped", "3 is enough", [0, 1, 2, 3])


def test_a_stream_is_stopped_in_the_same_ways() -> None:
    """Drained, what is on its way can be read; at once, it is unread."""

    async def main(**how: Any) -> Result:
        async with BatchRuntime(gathering()).stream(raises=False) as results:
            asyncio.get_running_loop().call_later(4.2, lambda: results.stop(**how))
            read = [value async for _, value in results]
        return read, results.result

    assert run_on(SteppedLoop, main)[0] == [[0, 1, 2, 3, 4]]
    read, result = run_on(SteppedLoop, lambda: main(how="at once"))
    assert (read, result.held) == ([], {"gathers.number": 2})


@pytest.mark.parametrize(("how", "phases"), [("drain", {"cancelled", "ended"}), ("at once", {"cancelled"})])
def test_a_net_that_is_stepped_is_stopped_as_its_settings_say(how: Any, phases: set[str]) -> None:
    """And the stop is a choice that can be made again."""
    with FSMRuntime(gathering(), settings=NetSettings(stop=how)).start() as fsm:
        fsm.run_until(port="gathers.number")
        fsm.stop()
        result = fsm.run()
        assert {node.phase for node in result.nodes.values()} == phases
        fsm.replay(fsm.choices)
        assert fsm.result.outputs.all == result.outputs.all


# -- under policies --------------------------------------------------------------------------------------

AGAIN = Restart(most=None, backoff=0.3)
LETTERS = DeadLetters()
# Of classes, of functions, and whether packets that always fail are put aside.
KEEPING = {
    "restart": (NodeSettings(restart=AGAIN), NodeSettings(restart=AGAIN), False),
    "retry": (NodeSettings(restart=AGAIN), NodeSettings(retry=Retry(attempts=5, backoff=0.3)), False),
    "letters": (NodeSettings(restart=AGAIN, dead_letters=LETTERS), NodeSettings(dead_letters=LETTERS), True),
    "concurrency": (
        NodeSettings(restart=AGAIN, dead_letters=LETTERS),
        NodeSettings(concurrency=Concurrency(3), retry=Retry(backoff=0.3), dead_letters=LETTERS),
        True,
    ),
    "end": (NodeSettings(end=End(idle=30), restart=AGAIN), NodeSettings(end=End(idle=30), restart=AGAIN), False),
}


def shaky(number: int, left: dict[int, int], is_hard: bool) -> None:
    """Fail twice at every third number, and, where it is hard, always at every seventh."""
    left.setdefault(number, 2 if number % 3 == 0 else 0)
    left[number] -= 1
    if left[number] >= 0 or (is_hard and number % 7 == 6):
        raise ValueError(number)


def managed(of_class: NodeSettings, of_function: NodeSettings, is_hard: bool) -> tuple[Graph, NetSettings, list[int]]:
    """Return a net with a class, a function and a composite that fail now and then, and what has gone in."""
    sent: list[int] = []
    marks: list[dict[int, int]] = [{}, {}, {}]

    class Source(Component):
        number: Out[int]
        next: Memory[int] = Memory(int)

        async def run(self) -> None:
            while True:
                number = self.next.value
                self.next.value += 1
                sent.append(number)
                await self.number.send(number)
                await asyncio.sleep(0.05)

    class Passes(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            async for number in self.number:
                await asyncio.sleep(0.07)
                shaky(number, marks[0], is_hard)
                await self.out.send(number)

    @component
    async def step(number: int) -> int:
        await asyncio.sleep(0.06)
        shaky(number, marks[1], is_hard)
        return number

    @component
    def inner(number: int) -> int:
        shaky(number, marks[2], is_hard)
        return number

    class Box(CompositeComponent):
        number: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            node = graph.add(inner)
            graph.inputs.number >> node.number
            node.out >> graph.outputs.out

    graph = Graph("managed")
    before = graph.add(Source, "source").number
    for name, target in (("cls", Passes), ("fun", step), ("box", Box)):
        node = graph.add(target, name)
        graph.connect(before, node.number, capacity=4)
        before = node.out
    before >> graph.outputs.out
    nodes = {"cls": of_class, "fun": of_function, "box.inner": of_function}
    return graph, NetSettings(nodes=nodes, grace=60), sent


@pytest.mark.parametrize("how", ["drain", "at once"])
@pytest.mark.parametrize("name", KEEPING)
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_by_a_stop_whatever_the_policies(name: str, how: Any, seed: int) -> None:
    """Every packet that was sent came out, or is a dead letter, or is in the account: once."""
    graph, settings, sent = managed(*KEEPING[name])
    runtime = BatchRuntime(graph, settings=settings)

    async def main() -> Result:
        asyncio.get_running_loop().call_later(3.33, runtime.stop, "enough", None, how)
        return await runtime.arun(raises=False)

    result = run_on(lambda: SteppedLoop(Seeded(seed)), main)
    letters = [value for letter in result.dead_letters for value in letter.values.values()]
    lying = [*chain(*result.unread.values()), *result.held.values(), *chain(*result.unsent.values())]
    # What a node was about to send is made of what it holds: not two packets.
    lying = [*dict.fromkeys(lying)]
    assert result.outcome == "stopped"
    assert sorted([*result.outputs.out, *letters, *lying]) == sent
    # A source may have waited to send.
    assert how == "at once" or (not result.unread | result.held and result.unsent.keys() <= {"source.number"})
    assert result.nodes["source"].phase == "cancelled"


# -- signals and messages under policies -----------------------------------------------------------------


class Told(Component):
    """A class that fails at odd numbers."""

    number: In[int]
    out: Out[int]
    stateless = True

    async def run(self) -> None:
        async for number in self.number:
            if number % 2:
                raise ValueError(number)
            await self.out.send(number)


@component
def told(number: int) -> int:
    if number % 2:
        raise ValueError(number)
    return number


class Inside(CompositeComponent):
    """A composite around such a function."""

    number: In[int]
    out: Out[int]

    def build(self, graph: Graph) -> None:
        node = graph.add(told, "node")
        graph.inputs.number >> node.number
        node.out >> graph.outputs.out


def tellings(target: Any, policies: NodeSettings, numbers: Any, *messages: str, address: str = "node") -> Any:
    """Run a node under policies, and count the messages that it sent."""
    graph = Graph("telling")
    node = graph.add(target, "node")
    graph.inputs.number >> node.number
    node.out >> graph.outputs.out
    for message in messages:
        getattr(node, message) >> graph.outputs[message]
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={address: policies}))
    result = run_on(SteppedLoop, lambda: runtime.arun(inputs={"number": Each(numbers)}, raises=False))
    return result, {name: len(result.outputs[name]) for name in messages if name in result.outputs}


ALL = ("started", "executed", "failed", "stopped")
PUT_ASIDE = NodeSettings(dead_letters=DeadLetters(), restart=Restart(backoff=0, most=99))


def test_a_class_tells_of_all_its_lives() -> None:
    """It starts and stops once; each failure is told, and an execution is a run that has ended."""
    result, counts = tellings(Told, PUT_ASIDE, range(6), *ALL)
    assert (result.outputs.out, result.restarts) == ([0, 2, 4], {"node": 3})
    assert counts == {"started": 1, "executed": 1, "failed": 3, "stopped": 1}
    result, counts = tellings(Told, NodeSettings(restart=Restart(backoff=0, most=2)), [0, 1, 2], *ALL)
    assert (result.outcome, counts) == ("failed", {"started": 1, "executed": 0, "failed": 3, "stopped": 1})


@pytest.mark.parametrize(
    ("policies", "failed", "executed"),
    [
        (PUT_ASIDE, 3, 3),
        (NodeSettings(dead_letters=DeadLetters(), retry=Retry(attempts=3, backoff=1)), 3, 3),
        (NodeSettings(dead_letters=DeadLetters(), concurrency=Concurrency(3)), 3, 3),
        (NodeSettings(dead_letters=DeadLetters(), end=End(after=2)), 1, 2),
    ],
)
def test_a_function_tells_of_firings_and_not_of_attempts(policies: NodeSettings, failed: int, executed: int) -> None:
    """One that is tried three times fails once."""
    _, counts = tellings(told, policies, range(6), *ALL)
    assert counts == {"started": 1, "executed": executed, "failed": failed, "stopped": 1}


def test_a_composite_tells_what_fails_inside() -> None:
    """Under the policies of its nodes."""
    result, counts = tellings(Inside, PUT_ASIDE, range(6), "failed", address="node.node")
    assert (result.outputs.out, counts) == ([0, 2, 4], {"failed": 3})


@pytest.mark.parametrize("target", [Told, told, Inside])
@pytest.mark.parametrize("when", [0.5, 2.5])
def test_the_signal_stop_ends_a_node_for_good(target: Any, when: float) -> None:
    """Restarts or not: what lies there is taken, and it is not begun anew; also while it waits for that."""
    policies = NodeSettings(restart=Restart("always", backoff=2, jitter=0, most=None), dead_letters=DeadLetters())

    class Late(Component):
        signal: Out[None]

        async def run(self) -> None:
            await asyncio.sleep(when)
            await self.signal.send(None)

    graph = Graph("ending")
    node, ticks, late = graph.add(target, "node"), graph.add(Ticks), graph.add(Late)
    ticks.tick >> node.number
    late.signal >> node.stop
    node.out >> graph.outputs.out
    runtime = BatchRuntime(
        graph, settings=NetSettings(nodes={"**": policies, "ticks": NodeSettings(), "late": NodeSettings()})
    )
    result = run_on(SteppedLoop, lambda: runtime.arun(time_limit=50, raises=False))
    letters = [letter.values["number"] for letter in result.dead_letters]
    assert result.outcome == "finished"
    assert sorted([*result.outputs.out, *letters]) == list(range(int(when) + 1))


def test_the_signal_stop_ends_a_source_that_is_always_begun_anew() -> None:
    """It is cancelled, and that is its end."""

    class Once(Component):
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            await self.out.send(1)

    class Late(Component):
        signal: Out[None]

        async def run(self) -> None:
            await asyncio.sleep(3.5)
            await self.signal.send(None)

    graph = Graph("again")
    node = graph.add(Once, "node")
    node.out >> graph.outputs.out
    node.stopped >> graph.outputs.stopped
    graph.add(Late).signal >> node.stop
    policies = NodeSettings(restart=Restart("always", backoff=1, factor=1, jitter=0, most=None))
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": policies}))
    result = run_on(SteppedLoop, lambda: runtime.arun(time_limit=50, raises=False))
    assert (result.outcome, result.outputs.out, result.outputs.stopped) == ("finished", [1] * 4, [None])


def test_a_signal_to_execute_comes_again_with_its_packet() -> None:
    """At a restart both go back; each signal executes once."""
    left = [2]

    @component
    def shaky_once(number: int) -> int:
        left[0] -= 1
        if left[0] >= 0:
            raise ValueError(number)
        return number

    graph = Graph("executing")
    node = graph.add(shaky_once, "node")
    graph.inputs.number >> node.number
    graph.inputs.go >> node.execute
    node.out >> graph.outputs.out
    node.executed >> graph.outputs.executed
    policies = NodeSettings(restart=Restart(backoff=0))
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": policies}))
    inputs = {"number": Each([1, 2, 3]), "go": Each([None] * 3)}
    result = run_on(SteppedLoop, lambda: runtime.arun(inputs=inputs))
    assert (result.outputs.out, len(result.outputs.executed), result.restarts) == ([1, 2, 3], 3, {"node": 2})


def test_a_class_that_is_always_begun_anew_tells_of_each_run() -> None:
    """Each life that ends well is an execution; it starts and stops once."""

    class Once(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            await self.out.send(await self.number.receive())

    policies = NodeSettings(restart=Restart("always", backoff=0.001, factor=1, most=None))
    result, counts = tellings(Once, policies, range(4), *ALL)
    assert (result.outputs.out, counts) == ([0, 1, 2, 3], {"started": 1, "executed": 4, "failed": 0, "stopped": 1})


def test_a_class_that_is_executed_by_signals_is_put_aside_with_its_signal() -> None:
    """The next signal executes it again, in its next life."""

    class Step(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            number = await self.number.receive()
            if number % 2:
                raise ValueError(number)
            await self.out.send(number)

    graph = Graph("executing")
    node = graph.add(Step, "node")
    graph.inputs.number >> node.number
    graph.inputs.go >> node.execute
    node.out >> graph.outputs.out
    for message in ALL:
        getattr(node, message) >> graph.outputs[message]
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": PUT_ASIDE}))
    inputs = {"number": Each(range(5)), "go": Each([None] * 5)}
    result = run_on(SteppedLoop, lambda: runtime.arun(inputs=inputs))
    assert (result.outcome, result.outputs.out) == ("finished", [0, 2, 4])
    assert [letter.values for letter in result.dead_letters] == [{"execute": None, "number": n} for n in (1, 3)]
    counts = {name: len(result.outputs[name]) for name in ALL}
    assert counts == {"started": 1, "executed": 3, "failed": 2, "stopped": 1}


# -- the reason ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stops", "settings", "said"),
    [
        ([(4.2, {"reason": "enough"})], None, ["enough"]),
        ([(4.2, {"reason": "enough", "how": "at once"})], None, ["enough"]),
        ([(4.2, {"reason": "enough"}), (4.3, {"reason": "now"})], None, ["enough", "now"]),
        ([(4.2, {"reason": "enough"})], {"grace": 1}, ["enough", "not drained in 1 s"]),
    ],
)
def test_the_reason_of_a_stop_is_in_the_log_too(
    caplog: pytest.LogCaptureFixture, stops: Any, settings: Any, said: list[str]
) -> None:
    """As it is in the result."""
    caplog.set_level("INFO", "fbcore")
    result = stopped(*stops, settings=settings)
    assert result.reason == "; ".join(said)
    for reason in said:
        assert any(reason in record.getMessage() for record in caplog.records), caplog.text


@pytest.mark.parametrize("place", ["here", "thread"])
def test_an_exception_may_be_the_reason(place: str) -> None:
    """What somebody has caught is a reason as good as any, and is a text in the result."""

    class Gives(Component):
        number: In[int]

        async def run(self) -> None:
            await self.number.receive()
            self.net.stop(ValueError("no more"))  # type: ignore[arg-type]
            await self.number.receive()

    result = BatchRuntime(Gives, settings={"place": place}).run(inputs={"number": 1})
    assert (result.outcome, result.reason) == ("stopped", "no more")

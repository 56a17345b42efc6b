"""Who runs next on a stepped loop is chosen: first come, by a seed, or as it was recorded."""

import asyncio
import os
import selectors
import subprocess
import sys

import pytest

from fbcore import LoopError, SteppedLoop
from fbcore.loop import Scripted, Seeded, first_come


def run(main, driver=first_come) -> tuple[object, list[str]]:
    """Run a program with a driver; return what it returned, and the choices."""
    loop = SteppedLoop(driver)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        result = runner.run(main())
        return result, list(loop.choices)


# Programs whose result tells in which order their steps ran.


async def taking_turns() -> list[str]:
    log = []

    async def work(name: str) -> None:
        for number in range(3):
            log.append(f"{name}{number}")
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(work(name))
    return log


async def passing_on() -> list[object]:
    log, loop = [], asyncio.get_running_loop()
    queues = [asyncio.Queue(1) for _ in range(3)]

    async def pass_on(inp: asyncio.Queue, out: asyncio.Queue, name: str) -> None:
        while (number := await inp.get()) is not None:
            log.append(f"{name}{number}")
            await out.put(number)
        await out.put(None)

    async with asyncio.TaskGroup() as group:
        group.create_task(pass_on(queues[0], queues[1], "a"))
        group.create_task(pass_on(queues[1], queues[2], "b"))
        for number in [0, 1, 2, None]:
            loop.call_soon(log.append, f"soon{number}")
            await queues[0].put(number)
            while not queues[2].empty():
                log.append(queues[2].get_nowait())
        while (number := await queues[2].get()) is not None:
            log.append(number)
    return log


async def cancelling() -> list[str]:
    log = []

    async def wait(name: str, event: asyncio.Event) -> None:
        try:
            await event.wait()
            log.append(f"{name} woken")
        except asyncio.CancelledError:
            log.append(f"{name} cancelled")
            await asyncio.sleep(0)
            log.append(f"{name} gone")

    event = asyncio.Event()
    tasks = [asyncio.ensure_future(wait(name, event)) for name in "abcd"]
    await asyncio.sleep(0)
    tasks[2].cancel()
    tasks[0].cancel()
    event.set()
    await asyncio.wait(tasks)
    return log


PROGRAMS = [taking_turns, passing_on, cancelling]


@pytest.mark.parametrize("program", PROGRAMS)
def test_first_come_is_the_order_of_the_stock_loop(program):
    """What runs on a stepped loop without a choice is what runs in production."""
    assert run(program)[0] == asyncio.run(program())


class Impatient(selectors.DefaultSelector):
    """A selector that does not wait: the time it was to wait is over at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0
        return super().select(0)


class ImpatientLoop(asyncio.SelectorEventLoop):
    """The stock loop, which never really waits."""

    def __init__(self) -> None:
        self._impatient = Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.now


def test_first_come_is_the_order_of_the_stock_loop_with_timers():
    """Sleeps of different lengths end in order of their ends, and at the same times."""

    async def main() -> list[tuple[float, float]]:
        log: list[tuple[float, float]] = []
        loop = asyncio.get_running_loop()

        async def sleep(*lengths: float) -> None:
            for length in lengths:
                await asyncio.sleep(length)
                log.append((length, round(loop.time(), 9)))

        await asyncio.gather(sleep(3, 1.2), sleep(0.1, 5), sleep(2, 0.4), sleep(7, 0, 0))
        return log

    with asyncio.Runner(loop_factory=ImpatientLoop) as runner:
        assert run(main)[0] == runner.run(main())
    assert [length for length, _ in run(main)[0]] == [0.1, 2, 0.4, 3, 1.2, 5, 7, 0, 0]


def test_seeds_make_different_orders():
    """Among a few seeds there are many orders, and every one of them runs each step."""
    orders = [tuple(run(taking_turns, Seeded(seed))[0]) for seed in range(20)]
    assert len(set(orders)) > 10
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted(orders[0]))}


def test_every_first_step_is_chosen_by_some_seed():
    """No task is favoured."""
    assert {run(taking_turns, Seeded(seed))[0][0] for seed in range(30)} == {"a0", "b0", "c0"}


def test_a_task_keeps_its_own_order_whatever_is_chosen():
    """A driver chooses between tasks; the turns of one task come one after the other."""
    for seed in range(20):
        log = run(taking_turns, Seeded(seed))[0]
        assert all([each for each in log if each[0] == name] == [f"{name}{n}" for n in range(3)] for name in "abc")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_seed_makes_the_same_order_each_time(program):
    """Result and choices are reproduced."""
    for seed in range(10):
        assert run(program, Seeded(seed)) == run(program, Seeded(seed))


IN_A_CHILD = """
import asyncio
import os
from fbcore import BatchRuntime, Each, Graph, SteppedLoop, component
from fbcore.loop import Seeded

junk = []

async def cancelling():
    log = []
    async def wait(name):
        try:
            await asyncio.sleep(1000)
        finally:
            log.append(name)
    try:
        async with asyncio.TaskGroup() as group:
            for name in range(20):
                junk.append([bytearray(n) for n in range(int(os.environ["JUNK"]) * name)])
                group.create_task(wait(name))
            await asyncio.sleep(0.5)
            raise TimeoutError
    except* TimeoutError:
        pass
    return log

@component
def same(value: int) -> int:
    return value

graph = Graph("children")
one, two, three = graph.add(same, "one"), graph.add(same, "two"), graph.add(same, "three")
graph.inputs.value >> one.value
graph.inputs.value >> two.value
one.out >> three.value
two.out >> three.value
three.out >> graph.outputs.all

for seed in range(5):
    loop = SteppedLoop(Seeded(seed))
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        print(runner.run(cancelling()))
        print(runner.run(BatchRuntime(graph).arun(inputs={"value": Each(range(5))})).outputs.all)
    print(loop.choices)
"""


@pytest.mark.slow
def test_a_seed_makes_the_same_order_in_every_process():
    """Neither the hash seed of strings nor where objects lie in memory has a say."""

    def output(hash_seed: str, junk: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "JUNK": junk}
        command = [sys.executable, "-c", IN_A_CHILD]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    first = output("1", "0")
    assert "callbacks" in first
    assert output("2", "7") == output("3", "31") == first


# -- recorded orders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_recorded_order_is_replayed(program):
    """`choices` holds every step; a script of them makes the same run, and the same choices."""
    for seed in range(10):
        result, choices = run(program, Seeded(seed))
        assert run(program, Scripted(choices)) == (result, choices)


def test_after_the_end_of_a_script_the_loop_goes_on_first_come():
    """A script may be the beginning of a run."""
    result, choices = run(taking_turns, Seeded(4))
    begun, _ = run(taking_turns, Scripted(choices[:5]))
    assert begun[:3] == result[:3]
    assert run(taking_turns, Scripted([])) == run(taking_turns)


def test_a_script_that_does_not_fit_says_where():
    """The error has the number of the choice, what was wanted, and what is ready; the loop closes cleanly."""
    _, choices = run(taking_turns, Seeded(4))
    broken = [*choices[:4], "nobody", *choices[5:]]
    with pytest.raises(LoopError, match=r"choice 4 of the script is 'nobody', but ready are: .+\n.*record it again"):
        run(taking_turns, Scripted(broken))


def test_a_script_of_other_code_does_not_fit():
    """A step that was there when it was recorded is missed where it should be."""

    async def fewer() -> None:
        await asyncio.sleep(0)

    _, choices = run(taking_turns)
    with pytest.raises(LoopError, match=r"choice \d+ of the script is "):
        run(fewer, Scripted(choices))


# -- names, hashes, counts --------------------------------------------------------------------------------


def test_a_driver_sees_the_names_of_what_is_ready():
    """Tasks by name and number, callbacks by one name for all of them; a driver answers with an index."""
    offered = []

    def last(ready):
        offered.append(list(ready))
        return len(ready) - 1

    async def main() -> list[str]:
        log = []

        async def say(word: str) -> None:
            log.append(word)

        tasks = [asyncio.create_task(say("named"), name="a name"), asyncio.create_task(say("unnamed"))]
        asyncio.get_running_loop().call_soon(log.append, "callback one")
        asyncio.get_running_loop().call_soon(log.append, "callback two")
        await asyncio.wait(tasks)
        return log

    log, choices = run(main, last)
    assert ["a name", "task-3", "callbacks"] in offered
    assert log == ["callback one", "callback two", "unnamed", "named"]
    assert [each for each in choices if each != "callbacks"] == ["task-1", "task-3", "a name", "task-1"]


def test_callbacks_keep_their_order_whatever_is_chosen():
    """Of callbacks only the first is offered."""

    async def main() -> list[int]:
        log: list[int] = []
        for number in range(10):
            asyncio.get_running_loop().call_soon(log.append, number)
        await asyncio.gather(*(asyncio.sleep(0) for _ in range(5)))
        await asyncio.sleep(1)
        return log

    for seed in range(10):
        assert run(main, Seeded(seed))[0] == list(range(10))


def test_every_step_is_counted_and_recorded():
    """`count_passes` and `choices` agree, and an idle loop makes no step."""
    loop = SteppedLoop()

    async def main() -> int:
        before = loop.count_passes()
        await asyncio.sleep(1000)
        return loop.count_passes() - before

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(main()) <= 3
        assert loop.count_passes() == len(loop.choices)

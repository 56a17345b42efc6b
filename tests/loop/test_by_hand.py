"""A stepped loop is stepped by hand, from ordinary code: who is ready, which timer is next, and one step at a time."""

import asyncio

import pytest

from fbcore import BatchRuntime, Each, Graph, LoopError, Outcome, SteppedLoop, component
from fbcore.driver import Scripted, Seeded


@pytest.fixture
def loop():
    """Give a loop that is closed as a Runner closes it: what is left is cancelled."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        yield runner.get_loop()


async def two(log: list[str]) -> str:
    """Start two tasks that sleep."""

    async def work(name: str, seconds: float) -> None:
        log.append(f"{name} begins")
        await asyncio.sleep(seconds)
        log.append(f"{name} ends")

    async with asyncio.TaskGroup() as group:
        group.create_task(work("slow", 5), name="slow")
        group.create_task(work("quick", 1), name="quick")
    return "done"


def test_nothing_runs_before_a_step(loop):
    """A task that was made is ready, and has done nothing."""
    log: list[str] = []
    task = loop.create_task(two(log), name="main")
    assert (loop.ready, loop.timers, log, task.done()) == (["main"], {}, [], False)


def test_a_step_is_one_turn(loop):
    """The named task runs until it waits; then others are ready."""
    log: list[str] = []
    loop.create_task(two(log), name="main")
    assert loop.step("main") == "main"
    assert (loop.ready, log) == (["slow", "quick"], [])
    assert loop.step("quick") == "quick"
    assert (loop.ready, log) == (["slow"], ["quick begins"])


def test_timers_are_seen_with_their_times(loop):
    """Named after who armed them, the next one first; time stands still until one is chosen."""
    loop.create_task(two([]), name="main")
    for name in ("main", "slow", "quick"):
        loop.step(name)
    assert loop.timers == {"timer 1 of quick": 1.0, "timer 1 of slow": 5.0}
    assert list(loop.timers) == ["timer 1 of quick", "timer 1 of slow"]
    assert (loop.ready, loop.time()) == ([], 0)


def test_the_earliest_timer_may_be_chosen_before_ready_work(loop):
    """In production a time-out can win against work that is ready; by hand one sees to it."""
    log: list[str] = []
    loop.create_task(two(log), name="main")
    loop.step("main")
    loop.step("quick")
    assert loop.ready == ["slow"]
    assert loop.step("timer 1 of quick") == "timer 1 of quick"
    assert (loop.time(), loop.ready) == (1.0, ["slow", "quick"])
    loop.step("quick")
    assert log == ["quick begins", "quick ends"]


def test_only_the_earliest_timer_may_be_chosen(loop):
    """Time does not jump over a timer; the error says what there is."""
    loop.create_task(two([]), name="main")
    for name in ("main", "slow", "quick"):
        loop.step(name)
    with pytest.raises(LoopError, match=r"'timer 1 of slow' is no step .*there are: timer 1 of quick\n.*loop.timers"):
        loop.step("timer 1 of slow")
    assert loop.time() == 0


def test_timers_of_one_time_may_be_chosen_in_any_order(loop):
    """Nobody knows in production which of them is first."""
    log: list[int] = []
    for number in range(3):
        loop.call_at(2, log.append, number)
    loop.step("timer 3 of the caller")
    loop.step("timer 1 of the caller")
    loop.step()
    assert (log, loop.time()) == ([2, 0, 1], 2)


def test_a_step_that_is_not_ready_is_refused(loop):
    """The error names what is; nothing has happened."""
    loop.create_task(two([]), name="main")
    with pytest.raises(LoopError, match="'nobody' is no step that can be made now; there are: main\n"):
        loop.step("nobody")
    assert loop.choices == []


def test_steps_without_a_name_are_first_come(loop):
    """Ready work first, then the next timer: the program runs to its end as it does by itself."""
    log: list[str] = []
    task = loop.create_task(two(log), name="main")
    while not task.done():
        loop.step()
    assert (task.result(), loop.time()) == ("done", 5.0)
    expected: list[str] = []
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(two(expected))
    assert log == expected


def test_nothing_to_do_is_an_error(loop):
    """A step of a loop in which everybody waits for nobody says who waits."""
    # Held here, for a task that nothing else holds may be collected.
    never = asyncio.Event()
    loop.create_task(never.wait(), name="the listener")
    loop.step()
    assert (loop.ready, loop.timers) == ([], {})
    with pytest.raises(LoopError, match="would wait for ever; tasks that wait: the listener"):
        loop.step()


def test_what_was_stepped_is_replayed():
    """The choices of a session by hand, timers among them, are a script."""

    def session(loop: SteppedLoop) -> tuple[list[str], list[str]]:
        log: list[str] = []
        task = loop.create_task(two(log), name="main")
        for name in ("main", "quick", "timer 1 of quick", "slow", "quick"):
            loop.step(name)
        loop.run_until_complete(task)
        return log, loop.choices

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        log, choices = session(runner.get_loop())
    again: list[str] = []
    loop = SteppedLoop(Scripted(choices[:5]))
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        loop.run_until_complete(loop.create_task(two(again), name="main"))
        assert loop.choices[:5] == choices[:5]
    assert again == log


def test_a_loop_goes_on_by_itself_after_steps_and_back(loop):
    """Stepping and running share one engine: either goes on where the other left off."""
    log: list[str] = []
    task = loop.create_task(two(log), name="main")
    loop.step()
    loop.run_until_complete(wait_until(log, 3))
    assert log == ["slow begins", "quick begins", "quick ends"]
    while not task.done():
        loop.step()
    assert log[-1] == "slow ends"


async def wait_until(log: list[str], count: int) -> None:
    while len(log) < count:  # noqa: ASYNC110 - it is to see what comes when
        await asyncio.sleep(0.25)


def test_steps_inside_a_running_loop():
    """In a notebook another loop runs in the same thread; it is the running one again afterwards."""

    async def notebook() -> object:
        loop, log = SteppedLoop(), []
        around = asyncio.get_running_loop()
        task = loop.create_task(two(log), name="main")
        while not task.done():
            loop.step()
            assert asyncio.get_running_loop() is around
        await asyncio.sleep(0)
        loop.close()
        return task.result(), log[-1]

    assert asyncio.run(notebook()) == ("done", "slow ends")


def test_a_step_from_inside_the_loop_is_refused(loop):
    """A step cannot make a step."""

    async def main() -> None:
        loop.step()

    with pytest.raises(RuntimeError, match="already running"):
        loop.run_until_complete(main())


def test_an_error_of_a_task_does_not_come_out_of_a_step(loop):
    """It lies in the task, as always; the next step is that of others."""

    async def fail() -> None:
        raise ValueError("no")

    task = loop.create_task(fail(), name="fails")
    assert loop.step() == "fails"
    with pytest.raises(ValueError, match="no"):
        task.result()


def test_tasks_of_one_name_are_told_apart(loop):
    """The second gets a number; the task itself keeps its name."""

    async def work() -> None:
        await asyncio.sleep(0)

    tasks = [loop.create_task(work(), name="work") for _ in range(3)]
    assert loop.ready == ["work", "work#2", "work#3"] == [loop.name_of(each) for each in tasks]
    assert [each.get_name() for each in tasks] == ["work"] * 3


@pytest.mark.parametrize("name", ["callbacks", "outside", "timer 1 of x"])
def test_no_task_gets_a_name_that_means_something_else(loop, name):
    """Names of tasks are the user's, those of other steps are not."""
    task = loop.create_task(asyncio.sleep(0), name=name)
    assert loop.ready == [loop.name_of(task)] != [name]


# -- drivers that choose timers ---------------------------------------------------------------------------


async def race() -> str:
    """Work that takes three turns, against a second."""
    try:
        async with asyncio.timeout(1):
            for _ in range(3):
                await asyncio.sleep(0)
            return "work"
    except TimeoutError:
        return "time"


def test_a_driver_may_let_a_timer_win():
    """Some seeds end in a time-out, others do not, where time alone never would."""
    results = set()
    for seed in range(20):
        with asyncio.Runner(loop_factory=lambda seed=seed: SteppedLoop(Seeded(seed, timers=True))) as runner:
            results.add(runner.run(race()))
        with asyncio.Runner(loop_factory=lambda seed=seed: SteppedLoop(Seeded(seed))) as runner:
            assert runner.run(race()) == "work"
    assert results == {"work", "time"}


def test_timers_that_won_are_replayed():
    """A script with a timer in it lets it win again."""
    for seed in range(20):
        loop = SteppedLoop(Seeded(seed, timers=True))
        with asyncio.Runner(loop_factory=lambda loop=loop: loop) as runner:
            result, choices = runner.run(race()), list(loop.choices)
        loop = SteppedLoop(Scripted(choices))
        with asyncio.Runner(loop_factory=lambda loop=loop: loop) as runner:
            assert (runner.run(race()), loop.choices) == (result, choices)


# -- a net ------------------------------------------------------------------------------------------------


@component
def add_one(value: int) -> int:
    """Add 1."""
    return value + 1


def chain() -> Graph:
    graph = Graph("chain")
    first, second = graph.add(add_one, "first"), graph.add(add_one, "second")
    graph.inputs.value >> first.value
    first.out >> second.value
    second.out >> graph.outputs.sums
    return graph


def test_a_net_is_stepped_by_hand(loop):
    """Its nodes are steps by their addresses, and it ends as it does when it runs by itself."""
    running = loop.create_task(BatchRuntime(chain()).arun(inputs={"value": Each(range(3))}), name="net")
    seen = set()
    while not running.done():
        seen.add(loop.step(loop.ready[-1] if loop.ready else None))
    assert {"net", "first", "second"} <= seen
    result = running.result()
    assert (result.outcome, result.outputs.sums) == (Outcome.FINISHED, [2, 3, 4])


def test_a_net_that_stands_still_is_told_so_by_hand(loop):
    """Where no step is left the net learns that it is blocked, and ends: no step has to be made for that."""
    graph = Graph("stuck")
    first, second = graph.add(add_one, "first"), graph.add(add_one, "second")
    first.out >> second.value
    second.out >> first.value
    running = loop.create_task(BatchRuntime(graph).arun(raises=False), name="net")
    while not running.done():
        loop.step()
    assert running.result().outcome == Outcome.QUIESCENT

"""What is ready, and which timers are armed: views that nobody copies, and that are as quick however much there is."""

import asyncio
from contextvars import ContextVar

import pytest

from fbcore.driver import Seeded
from fbcore.loop import SteppedLoop
from fbcore.ready import ReadySteps
from fbcore.timers import Timers

place: ContextVar[str] = ContextVar("place")


@pytest.fixture(params=["first come", "seeded"])
def loop(request):
    """Give a loop that is closed as a Runner closes it: what is left is cancelled."""
    make = SteppedLoop if request.param == "first come" else lambda: SteppedLoop(Seeded(1))
    with asyncio.Runner(loop_factory=make) as runner:
        yield runner.get_loop()


async def spin() -> None:
    """Be ready for ever."""
    while True:  # noqa: ASYNC110 - spinning is the point
        await asyncio.sleep(0)


def test_what_is_ready_is_a_view(loop):
    """It changes as steps are made, and looks like a list."""
    ready = loop.ready
    assert (list(ready), len(ready), bool(ready), repr(ready)) == ([], 0, False, "[]")
    for name in "abc":
        loop.create_task(spin(), name=name)
    assert ready == ["a", "b", "c"]
    assert ("b" in ready, "d" in ready, 1 in ready, ready[0], ready[-1], len(ready)) == (
        True,
        False,
        False,
        "a",
        "c",
        3,
    )
    loop.step("a")
    assert ready == ["b", "c", "a"] != ["a", "b", "c"]
    assert ready != "bca"


def test_callbacks_stand_where_the_first_of_them_does(loop):
    """Among themselves they keep their order, and among tasks each has the place that it would have first come."""
    log: list[str] = []
    loop.call_soon(log.append, "one")
    loop.create_task(spin(), name="a")
    loop.call_soon(log.append, "two").cancel()
    loop.call_soon(log.append, "three")
    loop.create_task(spin(), name="b")
    assert loop.ready == ["callbacks", "a", "b"]
    loop.step("callbacks")
    assert loop.ready == ["a", "callbacks", "b"]
    loop.step("callbacks")
    assert (loop.ready, log) == (["a", "b"], ["one", "three"])


def test_a_callback_that_was_cancelled_is_not_ready(loop):
    """Nor is the loop that has nothing else."""
    handle = loop.call_soon(print)
    assert loop.ready == ["callbacks"]
    handle.cancel()
    assert (loop.ready, len(loop.ready), "callbacks" in loop.ready) == ([], 0, False)


def test_a_method_of_a_task_is_a_callback(loop):
    """Cancelling it soon is no turn of it."""
    task = loop.create_task(spin(), name="a")
    loop.call_soon(task.cancel)
    assert loop.ready == ["a", "callbacks"]
    loop.step("callbacks")
    loop.step("a")
    assert task.cancelled()


def test_order_is_kept_over_many_steps(loop):
    """Whatever was taken out before, those that are left stand as they came."""
    for number in range(100):
        loop.create_task(spin(), name=str(number))
    expected = [str(number) for number in range(100)]
    for number in range(5000):
        name = str(number * 37 % 100)
        loop.step(name)
        expected.remove(name)
        expected.append(name)
    assert loop.ready == expected
    assert loop.ready[0] == expected[0]


def test_a_step_by_name_looks_at_no_other(loop, monkeypatch):
    """A thousand tasks are ready, and a thousand timers armed: nobody goes through them to make a step."""
    for number in range(1000):
        loop.create_task(spin(), name=str(number))
        loop.create_task(asyncio.sleep(1 + number), name=f"sleeper {number}")
    for number in range(1000):
        loop.step(f"sleeper {number}")
    assert loop.timers["timer 1 of sleeper 0"] == 1

    def refuse(self: object) -> None:
        raise AssertionError("everything was looked at")

    monkeypatch.setattr(ReadySteps, "names", refuse)
    monkeypatch.setattr(ReadySteps, "__iter__", refuse)
    monkeypatch.setattr(Timers, "__len__", refuse)
    for name in ("500", "999", "timer 1 of sleeper 0", "0", "timer 1 of sleeper 1"):
        assert name in loop.ready or name == next(iter(loop.timers)) == loop.due[0]
        loop.step(name)
        assert (len(loop.ready), bool(loop.timers)) != (0, False)
    assert (loop.ready[0], loop.time()) == ("1", 2)


def test_timers_are_a_view(loop):
    """In order of time; what was cancelled or has been is in it no more."""
    timers = loop.timers
    assert (len(timers), bool(timers), repr(timers)) == (0, False, "{}")
    handles = [loop.call_at(when, print) for when in (5, 1, 3, 1, 4)]
    names = [f"timer {number} of the caller" for number in range(1, 6)]
    assert list(timers.items()) == [(names[at], when) for at, when in ((1, 1), (3, 1), (2, 3), (4, 4), (0, 5))]
    due = loop.due
    assert (due, len(due), due[-1], repr(due)) == ([names[1], names[3]], 2, names[3], repr([names[1], names[3]]))
    assert (names[3] in due, names[0] in due, "nobody" in due, due != [names[1]]) == (True, False, False, True)
    handles[1].cancel()
    assert (loop.due, len(timers), names[1] in timers) == ([names[3]], 4, False)
    loop.step(names[3])
    assert (timers, loop.due) == ({names[2]: 3, names[4]: 4, names[0]: 5}, [names[2]])


def test_a_name_leads_to_the_task_and_the_context(loop):
    """Of what is ready, of what waits, and of the timer that a task armed; callbacks are nobody's."""

    async def sleep() -> None:
        await asyncio.sleep(1)

    place.set("here")
    sleeper = loop.create_task(sleep(), name="sleeper")
    loop.call_soon(print)
    assert (loop.task_of("sleeper"), loop.task_of("callbacks"), loop.task_of("nobody")) == (sleeper, None, None)
    assert loop.context_of("sleeper")[place] == loop.context_of("callbacks")[place] == "here"
    loop.step("sleeper")
    assert loop.task_of("timer 1 of sleeper") is loop.task_of("sleeper") is sleeper
    assert loop.context_of("timer 1 of sleeper")[place] == "here"
    assert loop.context_of("sleeper") is None
    loop.call_later(1, print)
    assert loop.task_of("timer 1 of the caller") is None


def test_a_running_loop_may_be_looked_at():
    """From inside, first come: what is ready then is told as it is, and the loop runs on."""
    looks = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        others = [asyncio.create_task(asyncio.sleep(1), name=name) for name in "ab"]
        looks.append((list(loop.ready), loop.running))
        await asyncio.sleep(0)
        looks.append(dict(loop.timers))
        await asyncio.wait(others)

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(main())
    assert looks == [(["a", "b"], "task-1"), {"timer 1 of a": 1.0, "timer 1 of b": 1.0}]

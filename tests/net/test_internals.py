"""What is read from the private parts of asyncio is true: of real tasks, timers and groups, on each kind of loop."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context, ContextVar
from typing import Any

import pytest
import uvloop

from fbcore.loop import SteppedLoop
from fbcore.net import internals

LOOPS = {"stock": asyncio.new_event_loop, "stepped": SteppedLoop, "uvloop": uvloop.new_event_loop}

On = Callable[[Awaitable[Any]], Any]
name: ContextVar[str] = ContextVar("name")


def named(text: str) -> Context:
    """Make a context in which `name` is a text."""
    context = Context()
    context.run(name.set, text)
    return context


@pytest.fixture(params=LOOPS)
def on(request: pytest.FixtureRequest) -> On:
    """Run a coroutine on one of the loops."""

    def run(main: Any) -> Any:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(main)

    run.loop = request.param
    return run


async def parked(work: Any, **options: Any) -> asyncio.Task[Any]:
    """Start a coroutine, and return its task when it waits."""
    task = asyncio.get_running_loop().create_task(work, **options)
    for _ in range(5):
        await asyncio.sleep(0)
    return task


async def forever() -> None:
    await asyncio.Event().wait()


# -- contexts ---------------------------------------------------------------------------------------------


def test_the_context_of_a_task_is_its_own(on):
    """Not that of who made it, nor those of its callbacks; of a task that waits, and of one that is done."""

    async def main() -> None:
        task = await parked(forever(), context=named("task"))
        done = await parked(asyncio.sleep(0), context=named("done"))
        for each in (task, done):
            each.add_done_callback(lambda _: None, context=named("callback"))
        assert internals.context_of(task)[name] == "task"
        assert internals.context_of(done)[name] == "done"
        assert internals.context_of(asyncio.current_task()).get(name) is None

    on(main())


def test_the_context_of_a_callback_and_of_a_timer(on):
    """Handles and timers run in the context they were given."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        handle = loop.call_soon(int, context=named("handle"))
        timer = loop.call_later(1000, int, context=named("timer"))
        assert internals.context_of(handle)[name] == "handle"
        assert internals.context_of(timer)[name] == "timer"
        timer.cancel()

    on(main())


def test_the_context_of_a_thing_without_one_is_not_known(on):
    """Nothing is guessed."""

    async def main() -> None:
        assert internals.context_of(asyncio.get_running_loop().create_future()) is None

    on(main())


# -- what is about to run ---------------------------------------------------------------------------------


def test_what_is_about_to_run_is_seen_where_the_loop_shows_it(on):
    """The contexts of scheduled callbacks, without those that were cancelled; a loop that hides them says so."""

    async def main() -> tuple[bool, list[str]]:
        loop = asyncio.get_running_loop()
        loop.call_soon(int, context=named("one"))
        loop.call_soon(int, context=named("cancelled")).cancel()
        task = loop.create_task(asyncio.sleep(0), context=named("task"))
        loop.call_later(1000, int, context=named("later")).cancel()
        found = [context.get(name) for context in internals.ready_contexts(loop)]
        await task
        return internals.shows_ready(loop), found

    expected = (False, []) if on.loop == "uvloop" else (True, ["one", "task"])
    shows, ready = on(main())
    assert (shows, [each for each in ready if each]) == expected


# -- timers -----------------------------------------------------------------------------------------------


def test_armed_timers_are_seen(on):
    """Each with its time, until it is cancelled."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def seen() -> dict[str, float]:
            found = [(internals.context_of(each), each.when()) for each in internals.armed_timers(loop)]
            return {context[name]: when - loop.time() for context, when in found if context and name in context}

        timers = [loop.call_later(seconds, int, context=named(str(seconds))) for seconds in (500, 1000)]
        assert set(seen()) == {"500", "1000"}
        assert seen()["500"] == pytest.approx(500, abs=1)
        timers[0].cancel()
        assert set(seen()) == {"1000"}
        timers[1].cancel()
        assert seen() == {}

    on(main())


def test_a_timer_that_has_fired_is_armed_no_more(on):
    """Though somebody still holds it."""

    async def main() -> list[str]:
        loop, fired = asyncio.get_running_loop(), asyncio.Event()
        timer = loop.call_later(0.001, fired.set, context=named("fired"))
        await fired.wait()
        await asyncio.sleep(0.02)
        contexts = [internals.context_of(each) for each in internals.armed_timers(loop)]
        assert timer is not None
        return [context[name] for context in contexts if context and name in context]

    assert on(main()) == []


def test_the_timer_of_a_sleep_will_set_its_future(on):
    """And no other timer will; so a wait can be told to be a sleep."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        task = await parked(asyncio.sleep(1000), context=named("sleep"))
        waiting = await parked(forever())
        stranger = loop.call_later(1000, int, context=named("stranger"))
        timers = {internals.context_of(each).get(name): each for each in internals.armed_timers(loop)}
        future = internals.awaited_future(task)
        assert internals.will_set(timers["sleep"], future)
        assert not internals.will_set(timers["stranger"], future)
        assert not internals.will_set(timers["sleep"], internals.awaited_future(waiting))
        stranger.cancel()

    on(main())

"""Coroutines as processes: asyncio and anyio code under every order of its turns, callbacks and timers."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, ClassVar

import anyio
import pytest

from fbcore import Each, Graph, component
from fbdev.explore import Hooks, NetScene, Scene, Shared, VerdictKind, explore, replay, spawn

OUTSIDE_LOCK = asyncio.Lock()


def lost_update() -> Scene:
    """Two tasks read, wait, and write."""
    count = {"n": 0}

    async def add() -> None:
        seen = count["n"]
        await asyncio.sleep(0)
        count["n"] = seen + 1

    return Scene({"a": add(), "b": add()}, shared=count)


def mended() -> Scene:
    """The same with a lock."""
    count, lock = {"n": 0}, asyncio.Lock()

    async def add() -> None:
        async with lock:
            seen = count["n"]
            await asyncio.sleep(0)
            count["n"] = seen + 1

    return Scene({"a": add(), "b": add()}, shared=count)


def both(count: Any) -> bool:
    return count["n"] == 2


def crossed() -> dict[str, Any]:
    """Two locks, taken in two orders."""
    left, right = asyncio.Lock(), asyncio.Lock()

    async def take(first: asyncio.Lock, second: asyncio.Lock) -> None:
        async with first:
            await asyncio.sleep(0)
            async with second:
                pass

    return {"a": take(left, right), "b": take(right, left)}


@pytest.mark.parametrize("search", ["auto", "states", "races", "every", "preemptions", "sample", "pct"])
def test_a_lost_update_is_found(search: Any) -> None:
    """By every search, with a schedule that makes it again."""
    result = explore(lost_update, at_end=both, search=search)
    assert (result.verdict.kind, result.failure.what) == (VerdictKind.BUG, "what must hold at the end does not")
    assert result.failure.switches == 2
    assert replay(lost_update, result.token, at_end=both).verdict.kind is VerdictKind.BUG


@pytest.mark.parametrize("search", ["auto", "states", "races", "every"])
def test_a_lock_mends_it(search: Any) -> None:
    """It is proven, and what is taken for granted is said in the words of tasks."""
    result = explore(mended, at_end=both, search=search, audit=20).assert_holds()
    assert "nothing comes between two waits of a task" in str(result)


def test_a_deadlock_says_who_holds_what() -> None:
    """Each with the place where it waits, and the lock by the name of the variable."""
    result = explore(crossed)
    assert result.failure.what.startswith("deadlock: a waits for second (lock 2) at ")
    assert "held by b; b waits for second (lock 1)" in result.failure.what


def test_the_lines_that_it_hangs_on_are_named() -> None:
    """Also where tasks share a plain object: who read it and who wrote it, and where."""
    read, wrote = explore(lost_update, at_end=both).failure.cause
    assert read.startswith("step 2: b reads count at ")
    assert wrote.startswith("step 4: a writes count at ")
    assert read.endswith("in add")

    def by_attribute() -> Scene:
        box = SimpleNamespace(items=[], total=0)

        def add(number: int) -> Any:
            yield "begun"
            if not box.items:
                yield "saw nothing"
                box.items.append(number)
                box.total += number

        return Scene({"a": add(1), "b": add(2)}, shared=box)

    read, wrote = explore(by_attribute, at_end=lambda box: len(box.items) == 1).failure.cause
    assert ": b reads box.items at " in read
    assert ": a writes box.items at " in wrote


def test_a_coroutine_function_is_one_process_with_all_its_tasks() -> None:
    """An assertion in it is a failure; what tasks it leaves behind is given up when it ends."""

    async def main() -> None:
        box = [0]

        async def add() -> None:
            seen = box[0]
            await asyncio.sleep(1)
            box[0] = seen + 1

        async def beat() -> None:
            while True:  # noqa: ASYNC110 (a heart beats)
                await asyncio.sleep(10)

        task = asyncio.create_task(beat())
        await asyncio.gather(add(), add())
        assert box[0] == 2, box
        task.cancel()

    result = explore(main)
    assert result.failure.what.startswith("main raised AssertionError: [1]")
    assert "main.add-2" in result.failure.schedule


def test_a_time_out_can_come_before_and_after() -> None:
    """As in production: the earliest timers are choices from the moment they are armed."""

    async def patient() -> str:
        answer = asyncio.get_running_loop().create_future()

        async def serve() -> None:
            await asyncio.sleep(1)
            answer.set_result("answer")

        task = asyncio.create_task(serve())
        try:
            async with asyncio.timeout(1):
                return await answer  # type: ignore[no-any-return]
        except TimeoutError:
            return "late"
        finally:
            task.cancel()

    for search in ("states", "races"):
        ends = {end["main"] for end in explore(patient, search=search).ends}
        assert ends == {"returned late", "returned answer"}


def test_things_of_anyio() -> None:
    """Task groups, streams, events, cancel scopes."""

    async def main() -> list[int]:
        send, receive = anyio.create_memory_object_stream[int](1)
        got: list[int] = []

        async def produce(number: int, stream: Any) -> None:
            async with stream:
                await stream.send(number)

        async with anyio.create_task_group() as group, send:
            for number in range(2):
                group.start_soon(produce, number, send.clone())
            send.close()
            got += [each async for each in receive]
        receive.close()
        return got

    ends = {end["main"] for end in explore(main, budget=60).ends}
    assert ends == {"returned [0, 1]", "returned [1, 0]"}

    async def patient() -> str:
        with anyio.move_on_after(1):
            await anyio.sleep(1)
            return "slept"
        return "late"

    assert {end["main"] for end in explore(patient).ends} == {"returned slept", "returned late"}


def test_going_in_circles_with_sleeps_is_known() -> None:
    """Times are told from now on, so that a loop which polls comes to where it was."""

    def spinning() -> Scene:
        state = {"taken": False}

        async def enter() -> None:
            while state["taken"]:  # noqa: ASYNC110 (it spins)
                await asyncio.sleep(0.01)
            state["taken"] = True
            await asyncio.sleep(0)
            state["taken"] = False

        return Scene({"a": enter(), "b": enter()}, shared=state)

    result = explore(spinning).assert_holds()
    assert result.spins
    assert all(spin.has_exit for spin in result.spins)


def test_who_reads_the_time_is_not_where_he_was() -> None:
    """A process that asks the loop for the time can tell one round from the next."""

    async def main() -> int:
        rounds, loop = 0, asyncio.get_running_loop()
        while loop.time() < 3:
            await asyncio.sleep(1)
            rounds += 1
        return rounds

    assert explore(main).assert_holds().ends == [{"main": "returned 3"}]


def test_a_task_that_starts_itself_anew_is_a_circle() -> None:
    """The name of a dead task can be given again, so that a chain of tasks comes to where it was."""

    async def main() -> None:
        async def job() -> None:
            await asyncio.sleep(1)
            tasks[:] = [asyncio.create_task(job())]

        tasks = [asyncio.create_task(job())]
        await asyncio.Event().wait()

    assert explore(main, budget=20).failure.kind == "livelock"


def test_an_exception_that_nobody_asks_for_is_a_failure() -> None:
    """And one that its maker has asked for is none."""

    async def bad() -> None:
        raise ValueError("no")

    async def forgets() -> None:
        asyncio.create_task(bad())  # noqa: RUF006
        await asyncio.sleep(1)

    async def asks() -> None:
        task = asyncio.create_task(bad())
        await asyncio.wait([task])
        assert task.exception()

    assert "raised ValueError: no, and nobody has asked for it" in explore(forgets).failure.what
    explore(asks).assert_holds()


def test_what_lies_outside_never_holds() -> None:
    """A thread, a socket, a subprocess: the verdict says what was asked for, also where the error is caught."""

    async def thread() -> None:
        await asyncio.to_thread(print)

    async def hidden() -> None:
        try:
            await asyncio.open_connection("localhost", 1)
        except Exception:
            return

    async def anyio_thread() -> None:
        await anyio.to_thread.run_sync(print)

    for factory in (thread, hidden, anyio_thread):
        result = explore(factory)
        assert result.verdict.kind in (VerdictKind.INCONCLUSIVE, VerdictKind.BUG), factory
    assert "a thread, which lies outside" in str(explore(thread))


def test_a_lock_made_elsewhere_is_no_ground_for_a_reduction() -> None:
    """Nobody knows its name in every execution: whoever uses it may have touched anything."""

    async def use() -> None:
        async with OUTSIDE_LOCK:
            await asyncio.sleep(0)

    result = explore(lambda: {"a": use()}, search="races")
    assert any("was not made by the factory" in note for note in result.notes)


def test_only_what_they_share_counts() -> None:
    """Tasks that share nothing need one execution by races, and those with a lock the orders of the lock."""

    def alone() -> dict[str, Any]:
        async def work() -> int:
            box = [0]
            for _ in range(5):
                box[0] += 1
                await asyncio.sleep(0)
            return box[0]

        return {name: work() for name in "abc"}

    assert explore(alone, search="races").assert_holds().executions == 1

    def queue() -> dict[str, Any]:
        found: asyncio.Queue[int] = asyncio.Queue()
        count = Shared(0)

        async def put(number: int) -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            await found.put(number)

        async def get() -> int:
            count.value += 1
            return await found.get() * 10 + await found.get()

        return {"a": put(1), "b": put(2), "c": get()}

    result = explore(queue, search="races").assert_holds()
    assert {end["c"] for end in result.ends} == {"returned 12", "returned 21"}
    assert result.executions <= 12


def test_generators_among_coroutines() -> None:
    """They wait for each other by things of asyncio and by conditions; a spawned process too."""

    def mixed() -> Scene:
        event, seen = asyncio.Event(), []

        def child() -> Any:
            yield "born"
            seen.append("child")

        def begins() -> Any:
            yield "ready"
            spawn(child())
            event.set()
            yield "set"

        async def waits() -> None:
            await event.wait()
            seen.append("coroutine")

        return Scene({"g": begins(), "c": waits()}, shared=seen)

    class Ends(Hooks):
        found: ClassVar[set[Any]] = set()

        def end(self, execution: Any) -> None:
            if not execution.available:
                self.found.add(tuple(execution.shared))

    for search in ("states", "every"):
        Ends.found = set()
        explore(mixed, hooks=Ends(), search=search).assert_holds()
        assert Ends.found == {("child", "coroutine"), ("coroutine", "child")}


def test_a_net_among_coroutines() -> None:
    """It runs on their loop; without a proof, for a net has many steps, and never with a wrong one."""

    @component
    def double(number: int) -> int:
        return 2 * number

    def factory() -> dict[str, Any]:
        graph = Graph("doubles")
        graph.inputs.number >> graph.add(double).number
        graph["double"].out >> graph.outputs.out

        async def other() -> int:
            await asyncio.sleep(1)
            return 3

        return {"net": NetScene(graph, inputs={"number": Each([1, 2])}), "other": other()}

    result = explore(factory, search="sample", samples=20)
    assert result.ends == [{"net": "returned {'out': [2, 4]}", "other": "returned 3"}]


def test_sentinel_hooks_identity_and_context() -> None:
    """Each works for coroutines as for generators."""

    class Count(Hooks):
        begun = made = over = steps = finished = 0

        def begin(self, execution: Any) -> None:
            self.begun += 1

        def end(self, execution: Any) -> None:
            self.finished += 1

        def step(self, execution: Any, process: str, step: Any) -> None:
            self.steps += 1

        def created(self, execution: Any, process: str) -> None:
            self.made += 1

        def ended(self, execution: Any, process: str, step: Any) -> None:
            self.over += 1

    count = Count()

    def watch(shared: Any) -> Any:
        while True:
            state = yield
            assert state is None or set(state) == {"a", "b"}

    explore(mended, sentinel=watch, hooks=count).assert_holds()
    assert count.begun == count.finished > 0
    assert min(count.steps, count.made) > 0
    assert count.over > 0

    class Place:
        name = "nobody"

    place = Place()

    async def be(name: str) -> None:
        place.name = name
        await asyncio.sleep(0)
        assert place.name == name

    assert explore(lambda: {"a": be("a"), "b": be("b")}).failure is not None
    explore(lambda: Scene({"a": be("a"), "b": be("b")}, context=(place,))).assert_holds()

    def again() -> dict[str, Any]:
        async def retry() -> None:
            await asyncio.sleep(0)
            asyncio.get_running_loop().create_task(retry())

        return {"retry": retry()}

    result = explore(again, identity=lambda name: "retry", budget=20)
    assert result.failure.kind == "livelock"


def test_nothing_is_left_behind() -> None:
    """No warning of what nobody awaited or retrieved, and nothing stays patched."""
    program = (
        "import asyncio, gc, warnings, anyio\n"
        "from fbdev.explore import explore\n"
        "before = asyncio.Lock.acquire, asyncio.Lock.__init__, anyio.Event\n"
        "async def main():\n"
        "    async with anyio.create_task_group() as group:\n"
        "        group.start_soon(anyio.sleep, 1)\n"
        "        asyncio.create_task(anyio.sleep(3))\n"
        "        group.cancel_scope.cancel()\n"
        "print(explore(main).verdict.kind)\n"
        "gc.collect()\n"
        "assert before == (asyncio.Lock.acquire, asyncio.Lock.__init__, anyio.Event)\n"
    )
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", program]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.stdout, found.stderr) == ("holds\n", "")
    gc.collect()


def test_an_error_in_the_factory_is_the_users() -> None:
    """It is raised as it is."""

    def broken() -> Any:
        asyncio.get_running_loop()
        raise LookupError("no such table")

    with pytest.raises(LookupError, match="no such table"):
        explore(broken)

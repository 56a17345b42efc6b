"""On an open loop threads, sockets and subprocesses are the real ones, and virtual time stands still meanwhile."""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio.to_thread
import pytest

from fbcore import BatchRuntime, Each, Graph, LoopError, component
from fbcore.driver import OUTSIDE, Driver, Scripted, Seeded, first_come
from fbcore.outside import OpenLoop

SHORT = 0.02
"""Seconds that work outside takes here: real ones."""


def run(main, driver: Driver = first_come, *, patience: float = 100) -> tuple[object, OpenLoop]:
    """Run a program on an open loop; return what it returned, and the loop."""
    loop = OpenLoop(driver, patience=patience)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main()), loop


# Programs that reach outside, and return something that does not depend on who was first.


async def threads() -> object:
    with ThreadPoolExecutor(1) as executor:
        return await asyncio.gather(
            asyncio.to_thread(lambda: time.sleep(SHORT) or "asyncio"),
            anyio.to_thread.run_sync(lambda: time.sleep(SHORT) or "anyio"),
            asyncio.get_running_loop().run_in_executor(executor, str, "executor"),
        )


async def look_up() -> object:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
    return [address for *_, address in found] + [await loop.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST)]


async def streams() -> object:
    ended = asyncio.Event()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        lines = []
        for number in range(3):
            writer.write(f"line {number}\n".encode())
            lines.append(await reader.readline())
        writer.close()
        await writer.wait_closed()
        await ended.wait()
    return lines


async def sockets() -> object:
    loop, (one, other) = asyncio.get_running_loop(), socket.socketpair()
    with one, other:
        one.setblocking(False)
        other.setblocking(False)
        received = asyncio.ensure_future(loop.sock_recv(other, 10))
        await asyncio.sleep(0)
        await loop.sock_sendall(one, b"raw")
        return await received


async def anyio_streams() -> object:
    async def echo(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            async for data in stream:
                await stream.send(data.upper())

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, echo)
        async with await anyio.connect_tcp("127.0.0.1", listener.extra(anyio.abc.SocketAttribute.local_port)) as stream:
            await stream.send(b"ping")
            answer = await stream.receive()
        group.cancel_scope.cancel()
        return answer


async def subprocesses() -> object:
    code = f"import sys, time; time.sleep({SHORT}); print(sys.stdin.read().upper())"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=-1, stdout=-1)
    output, _ = await process.communicate(b"by asyncio")
    ended = await anyio.run_process([sys.executable, "-c", code], input=b"by anyio")
    return output.split(), process.returncode, ended.stdout.split()


async def own_thread() -> object:
    loop = asyncio.get_running_loop()
    called = loop.create_future()
    thread = threading.Thread(
        target=lambda: time.sleep(SHORT) or loop.call_soon_threadsafe(called.set_result, "called")
    )
    thread.start()
    with loop.at_work():
        return await called, thread.join()


PROGRAMS = [
    (threads, ["asyncio", "anyio", "executor"]),
    (look_up, [("127.0.0.1", 80), ("127.0.0.1", "http")]),
    (streams, [b"LINE 0\n", b"LINE 1\n", b"LINE 2\n"]),
    (sockets, b"raw"),
    (anyio_streams, b"PING"),
    (subprocesses, ([b"BY", b"ASYNCIO"], 0, [b"BY", b"ANYIO"])),
    (own_thread, ("called", None)),
]
parametrized = pytest.mark.parametrize(
    ("program", "expected"), PROGRAMS, ids=lambda each: getattr(each, "__name__", "")
)


@pytest.mark.slow
@parametrized
def test_the_world_outside_works(program, expected):
    """As on the stock loop; what it made ready is in the choices as such, and no virtual time has passed."""
    result, loop = run(program)
    assert (result, loop.time()) == (expected, 0)
    assert OUTSIDE in loop.choices
    assert asyncio.run(program()) == expected if program is not own_thread else True


@pytest.mark.slow
@parametrized
def test_it_works_in_any_order_and_the_order_is_replayed(program, expected):
    """A seed may choose who is next, but callbacks; a script of that waits where it has an `outside`."""
    for seed in range(3):
        result, loop = run(program, Seeded(seed))
        assert result == expected
        if program in (sockets, own_thread, look_up):
            assert run(program, Scripted(loop.choices))[1].choices == loop.choices


# -- time ---------------------------------------------------------------------------------------------------------


def test_a_timer_does_not_win_against_a_thread():
    """Virtual time stands still while real work is under way: a time-out of a microsecond does not come."""

    async def main() -> object:
        sleeper = asyncio.ensure_future(asyncio.sleep(1e-9))
        async with asyncio.timeout(1e-6):
            return await asyncio.to_thread(time.sleep, SHORT), sleeper.done()

    result, loop = run(main)
    assert (result, loop.time()) == ((None, False), 0)


def test_a_timer_is_due_while_ready_work_goes_on_and_nothing_is_outside():
    """Without anything outside it is a stepped loop: a day takes no time."""

    async def main() -> float:
        await asyncio.to_thread(int)
        await asyncio.sleep(86400)
        return asyncio.get_running_loop().time()

    assert run(main)[0] == 86400


def test_a_server_that_nobody_calls_holds_up_no_timer():
    """It would wait for ever."""

    async def main() -> float:
        async with await asyncio.start_server(print, "127.0.0.1", 0):
            await asyncio.sleep(5)
            return asyncio.get_running_loop().time()

    assert run(main)[0] == 5


def test_a_silent_connection_holds_up_timers_for_the_patience_of_the_loop():
    """Nobody knows whether it will say something; in the end the time-out comes."""

    async def main() -> str:
        one, other = socket.socketpair()
        with one:
            reader, writer = await asyncio.open_connection(sock=other)
            try:
                async with asyncio.timeout(60):
                    await reader.read()
            except TimeoutError:
                return "no answer"
            finally:
                writer.close()
                await writer.wait_closed()
        return "closed"

    began = time.monotonic()
    result, loop = run(main, patience=SHORT)
    assert (result, loop.time()) == ("no answer", 60)
    assert SHORT <= time.monotonic() - began < 100


def test_waiting_for_nobody_is_an_error_still():
    """After the patience of the loop, for a thread that nobody declared may call."""

    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(LoopError, match="the loop would wait for ever"):
        run(main, patience=SHORT)


def test_a_thread_that_nobody_declared_may_call():
    """The loop waits for it where nothing else is to be done."""

    async def main() -> int:
        loop = asyncio.get_running_loop()
        called = loop.create_future()
        threading.Timer(SHORT, loop.call_soon_threadsafe, (called.set_result, 5)).start()
        return await called

    assert run(main)[0] == 5


# -- by hand, and nets ----------------------------------------------------------------------------------------------


def test_by_hand_what_comes_from_outside_is_seen_when_one_looks():
    """A thread ends between two steps; a step without a name waits for one that has not."""
    with asyncio.Runner(loop_factory=OpenLoop) as runner:
        loop = runner.get_loop()
        release = threading.Event()
        task = loop.create_task(asyncio.to_thread(release.wait), name="main")
        loop.step("main")
        assert (loop.ready, dict(loop.timers)) == ([], {})
        release.set()
        assert loop.step() == OUTSIDE
        while not task.done():
            loop.step()
        assert task.result() is True
        loop.call_soon_threadsafe(print)
        assert loop.ready[0] == "callbacks"
        threading.Thread(target=loop.call_soon_threadsafe, args=(print,)).start()
        while OUTSIDE not in loop.ready:
            pass
        assert loop.ready[-1] == OUTSIDE


@component
async def halve(number: int) -> int:
    """Halve a number, in a thread."""
    return await asyncio.to_thread(lambda: time.sleep(SHORT / 4) or number // 2)


def test_a_net_whose_nodes_work_in_threads():
    """It is not blocked while they do, and it ends."""
    graph = Graph("halves")
    graph.inputs.number >> graph.add(halve).number
    graph["halve"].out >> graph.outputs.half

    async def main() -> list[int]:
        result = await BatchRuntime(graph).arun(inputs={"number": Each([2, 4, 6])})
        return result.outputs.half

    for seed in range(3):
        result, loop = run(main, Seeded(seed))
        assert (result, loop.choices.count(OUTSIDE) >= 3) == ([1, 2, 3], True)


def test_a_signal_is_a_step_from_outside():
    """Nobody waits for one, but when it comes it is heard."""

    async def main() -> list[str]:
        log: list[str] = []
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, log.append, "heard")
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.to_thread(int)
        asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)
        return log

    result, loop = run(main)
    assert (result, loop.choices.count(OUTSIDE) >= 2) == (["heard"], True)

"""What a stepped loop cannot do it refuses, and says why: its time is virtual, and there is no world outside."""

import asyncio
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import anyio.to_thread
import pytest

from fbcore import LoopError, SteppedLoop


def run(main):
    """Run a coroutine on a stepped loop, and return what it returns."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return runner.run(main)


@pytest.fixture
def connected() -> Iterator[socket.socket]:
    """One end of a pair of connected sockets."""
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)
        yield one


ASKED = {
    "to_thread": (lambda: asyncio.to_thread(print), "a thread"),
    "executor": (lambda: asyncio.get_running_loop().run_in_executor(None, print), "a thread"),
    "getaddrinfo": (lambda: asyncio.get_running_loop().getaddrinfo("localhost", 80), "a look-up of a host"),
    "getnameinfo": (lambda: asyncio.get_running_loop().getnameinfo(("127.0.0.1", 80)), "a look-up of a host"),
    "open_connection": (lambda: asyncio.open_connection("localhost", 80), "a socket"),
    "start_server": (lambda: asyncio.start_server(print, "localhost", 0), "a socket"),
    "open_unix_connection": (lambda: asyncio.open_unix_connection("nowhere"), "a socket"),
    "start_unix_server": (lambda: asyncio.start_unix_server(print, "nowhere"), "a socket"),
    "datagram": (
        lambda: asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", 0)),
        "a socket",
    ),
    "exec": (lambda: asyncio.create_subprocess_exec(sys.executable), "a subprocess"),
    "shell": (lambda: asyncio.create_subprocess_shell("true"), "a subprocess"),
    "pipe": (lambda: asyncio.get_running_loop().connect_read_pipe(asyncio.Protocol, sys.stdin), "a pipe"),
    "signal": (lambda: asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print), "a signal"),
    "anyio.getaddrinfo": (lambda: anyio.getaddrinfo("localhost", 80), "a look-up of a host"),
    "anyio.run_process": (lambda: anyio.run_process([sys.executable, "-c", ""]), "a subprocess"),
}


@pytest.mark.parametrize("ask", ASKED)
def test_the_world_outside_is_refused(ask):
    """Threads, look-ups, sockets, pipes, signals and subprocesses: an error with a hint, and no hanging."""
    call, what = ASKED[ask]

    async def main() -> None:
        await call()

    with pytest.raises(LoopError, match=f"a stepped loop cannot wait for {what}\n.*use an ordinary loop"):
        run(main())


@pytest.mark.parametrize(
    "use",
    [
        lambda loop, sock: loop.sock_recv(sock, 1),
        lambda loop, sock: loop.sock_sendall(sock, b"x"),
        lambda loop, sock: loop.sock_connect(sock, ("127.0.0.1", 9)),
        lambda loop, sock: loop.add_reader(sock, print),
        lambda loop, sock: loop.add_writer(sock, print),
    ],
)
def test_sockets_one_has_are_refused_too(connected, use):
    """Reading, writing and watching a socket."""

    async def main() -> None:
        await use(asyncio.get_running_loop(), connected)

    with pytest.raises(LoopError, match="a stepped loop cannot wait for a socket"):
        run(main())


def test_a_call_from_another_thread_is_refused_there():
    """The thread learns of it: no driver could choose when its call comes."""
    refused = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def call() -> None:
            try:
                loop.call_soon_threadsafe(print)
            except LoopError as error:
                refused.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    run(main())
    (error,) = refused
    assert error.what == "a stepped loop cannot wait for a call from another thread"


def test_a_call_from_its_own_thread_is_a_call():
    """Code that uses `call_soon_threadsafe` to be safe runs."""

    async def main() -> list[int]:
        log: list[int] = []
        asyncio.get_running_loop().call_soon_threadsafe(log.append, 1)
        await asyncio.sleep(0)
        return log

    assert run(main()) == [1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_of_anyio_is_refused():
    """It does not come by way of the loop, and is refused all the same."""
    release = threading.Event()

    async def main() -> None:
        try:
            await anyio.to_thread.run_sync(release.wait, 5)
        finally:
            release.set()

    with pytest.raises(LoopError):
        run(main())
    # It dies of the refusal: here, and not in the middle of some other test.
    for thread in threading.enumerate():
        if thread.name.startswith("AnyIO worker"):
            thread.join()

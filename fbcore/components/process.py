"""Processes that do the work of a node: each with its node, never after it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from contextvars import Context
from importlib import import_module
from subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING, Any
from weakref import ref

from fbcore.components.json_lines import lines_of
from fbcore.errors import ProcessError
from fbcore.loop import SteppedLoop
from fbcore.model.log import warn_unclosed

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, ByteSendStream, Process

log = logging.getLogger("fbcore.script")

# anyio loads this when it is first used, which would make that a slow turn of a node.
with suppress(ImportError):
    import_module("anyio._backends._asyncio")

PATIENCE = 2.0
"""Seconds that a process has to end after it was told to, before it is killed."""

_PILE = 65_536
"""Bytes that wait to be written before somebody who has more must wait, too."""

LAST_LINES = 10
"""Lines of standard error that the error of a failed process shows."""

_LONGEST_COMPLAINT = 10_000
"""Bytes in a line of standard error; the rest of a longer one comes as further lines."""

_NEVER = 1e9
"""Seconds until a time that does not come: thirty years."""

_AT_ONCE = 100
"""Lines of standard error after which other nodes get their turn."""


class Child:
    """A process in a group of its own, which is ended with it.

    `what` is what people know it by. One that is dropped without having been ended warns of that.
    """

    __slots__ = ("__weakref__", "_is_over", "process", "what")

    def __init__(self, process: Process, what: str) -> None:
        self.process = process
        self.what = what
        self._is_over = False

    def tell(self, name: str) -> None:
        """Send a signal to the process and to all that it has started, where the system has such groups."""
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, getattr(signal, name))
            elif self.process.returncode is None:
                self.process.terminate()

    async def end_rest(self) -> None:
        """When the process has ended, end what it has started and left: that may hold its output open for ever."""
        from anyio import sleep

        await self.process.wait()
        self.tell("SIGTERM")
        await sleep(PATIENCE)
        self.tell("SIGKILL")

    async def end(self) -> None:
        """Tell a process that still runs to end, and kill it when it does not listen."""
        from anyio import CancelScope, move_on_after

        if self._is_over:
            return
        try:
            if self.process.returncode is None:
                self.tell("SIGTERM")
                with move_on_after(PATIENCE, shield=True):
                    await self.process.wait()
        finally:
            # Whatever happens meanwhile, a second cancellation as well; and to what it has left behind.
            self.tell("SIGKILL")
            with CancelScope(shield=True):
                await self.process.aclose()
            self._is_over = True

    def leave(self) -> None:
        """Kill a process that nobody ends any more, and warn of it."""
        if not getattr(self, "_is_over", True):
            self._is_over = True
            self.tell("SIGKILL")
            warn_unclosed(f"the process {self.process.pid} of {self.what} was left alone, and is killed")

    __del__ = leave


@asynccontextmanager
async def started(
    command: Sequence[str], what: str, *, has_input: bool, environment: Mapping[str, str] | None = None, **options: Any
) -> AsyncIterator[Child]:
    """Run a command in a process group of its own, of which nothing is left afterwards, whatever happens.

    Raises:
        OSError: it cannot be started.
    """
    from anyio import open_process

    opening = open_process(
        list(command),
        stdin=PIPE if has_input else DEVNULL,
        stderr=PIPE,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        **options,
    )
    process, cancelled = await _whole(opening)
    child = Child(process, what)
    with _tied_to_loop(child):
        try:
            if cancelled is not None:
                raise cancelled
            with _leash(process.pid):
                yield child
        finally:
            await child.end()


async def _whole(opening: Coroutine[Any, Any, Process]) -> tuple[Process, asyncio.CancelledError | None]:
    """Open a process, though the task be cancelled meanwhile: asyncio waits for ever when it is cancelled in this."""
    task = asyncio.ensure_future(opening)
    cancelled = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except OSError:
            break
    return task.result(), cancelled


_LEASH_COMMAND = ("/bin/sh", "-c", 'read -r _; kill -9 "-$1"', "leash")
"""Waits for the end of its input, which is the end of this program, however that comes; then ends a group."""


@contextmanager
def _leash(group: int) -> Iterator[None]:
    """End a group of processes if this program dies while the block runs, even if nothing of it can act any more."""
    if not hasattr(os, "killpg"):
        yield
        return
    command = [*_LEASH_COMMAND, str(group)]
    try:
        holder = subprocess.Popen(command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)
    except OSError:
        # Where there is no shell, or no room for one more process, the work can be done all the same.
        yield
        return
    try:
        yield
    finally:
        holder.kill()
        holder.communicate()


class _Tie:
    """What leaves a process when it is dropped itself."""

    __slots__ = ("_child",)

    def __init__(self, child: Child) -> None:
        self._child = ref(child)

    def __call__(self) -> None:
        """Do nothing: the time for which it waits never comes."""

    def __del__(self) -> None:
        child = self._child()
        if child is not None:
            child.leave()


@contextmanager
def _tied_to_loop(child: Child) -> Iterator[None]:
    """Leave a process when its loop is closed while the block runs, which then never ends.

    asyncio watches for the end of the process, and so keeps all that waits for it, the net as well. But a loop that is
    closed drops its timers.
    """
    loop = asyncio.get_running_loop()
    if isinstance(loop, SteppedLoop):
        # There such a time would come.
        yield
        return
    # Held by nobody else.
    timer = ref(loop.call_later(_NEVER, _Tie(child), context=Context()))
    try:
        yield
    finally:
        if (lying := timer()) is not None:
            lying.cancel()


async def feed(stream: ByteSendStream, parts: AsyncIterator[bytes]) -> None:
    """Write what comes into the standard input of a process, then close it; leave off when it takes no more.

    What comes while it is written into goes in at once afterwards: a write for every line would wake the process for
    each of them, which takes longer than all else.
    """
    inlet = _Inlet(stream)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(inlet.write())
        async for part in parts:
            if not await inlet.put(part):
                break
        inlet.finish()


class _Inlet:
    """What waits to be written into a process; `is_closed` when that has closed its input, or ended."""

    def __init__(self, stream: ByteSendStream) -> None:
        self.is_closed = False
        self._stream = stream
        self._parts: list[bytes] = []
        self._size = 0
        self._is_all = False
        self._more = asyncio.Event()
        self._room = asyncio.Event()

    async def put(self, part: bytes) -> bool:
        while self._size >= _PILE and not self.is_closed:
            self._room.clear()
            await self._room.wait()
        self._parts.append(part)
        self._size += len(part)
        self._more.set()
        return not self.is_closed

    def finish(self) -> None:
        self._is_all = True
        self._more.set()

    async def write(self) -> None:
        from anyio import BrokenResourceError, ClosedResourceError

        with suppress(BrokenResourceError, ClosedResourceError, ConnectionError):
            while self._parts or not self._is_all:
                await self._more.wait()
                self._more.clear()
                data = b"".join(self._parts)
                self._parts.clear()
                self._size = 0
                self._room.set()
                await self._stream.send(data)
            await self._stream.aclose()
        self.is_closed = True
        self._room.set()


async def complain(stream: ByteReceiveStream | None, address: str, last: deque[str]) -> None:
    """Log what a process writes for people, and keep the last lines."""
    number = 0
    async with aclosing(lines_of(stream, cut=_LONGEST_COMPLAINT)) as lines:
        async for line in lines:
            text = line.decode(errors="replace").rstrip()
            last.append(text)
            log.warning("%s: %s", address, text)
            number += 1
            if number % _AT_ONCE == 0:
                # Thousands come in one piece, and a line on a terminal may take a tenth of a millisecond.
                await asyncio.sleep(0)


def failure(what: str, code: int, complaints: Sequence[str], hint: str) -> ProcessError:
    """Return the error of a process that ended with this code."""
    how = f"ended with exit code {code}"
    if code < 0:
        names = {each.value: each.name for each in signal.Signals}
        how = f"was ended by {names.get(-code, f'signal {-code}')}"
    stderr = "\n".join(complaints)
    said = f":\n{stderr}" if stderr.strip() else ", and said nothing on standard error"
    return ProcessError(f"{what} {how}{said}", hint=hint, code=code, stderr=stderr)

"""Processes that do the work of a node: each with its node, never after it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import warnings
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING, Any

from fbcore.components.json_lines import lines_of
from fbcore.errors import ProcessError

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, Process

log = logging.getLogger("fbcore.script")

PATIENCE = 2.0
"""Seconds that a process has to end after it was told to, before it is killed."""

LAST_LINES = 10
"""Lines of standard error that the error of a failed process shows."""

_LONGEST_COMPLAINT = 10_000
"""Bytes in a line of standard error; the rest of a longer one comes as further lines."""


class Child:
    """A process in a group of its own, which is ended with it.

    `what` is what people know it by. One that is dropped without having been ended warns of that.
    """

    __slots__ = ("_is_over", "process", "what")

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

    def __del__(self) -> None:
        if not getattr(self, "_is_over", True):
            self.tell("SIGKILL")
            warnings.warn(f"the process {self.process.pid} of {self.what} was left alone", ResourceWarning, 2, self)


@asynccontextmanager
async def started(
    command: Sequence[str], what: str, *, has_input: bool, environment: Mapping[str, str] | None = None, **options: Any
) -> AsyncIterator[Child]:
    """Run a command in a process group of its own, of which nothing is left afterwards, whatever happens.

    Raises:
        OSError: it cannot be started.
    """
    from anyio import open_process

    process = await open_process(
        list(command),
        stdin=PIPE if has_input else DEVNULL,
        stderr=PIPE,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        **options,
    )
    child = Child(process, what)
    try:
        with _leash(process.pid):
            yield child
    finally:
        await child.end()


_LEASH = 'read -r _; kill -9 "-$1"'
"""Waits for the end of its input, which is the end of this program, however that comes; then ends a group."""


@contextmanager
def _leash(group: int) -> Iterator[None]:
    """End a group of processes if this program dies while the block runs, even if nothing of it can act any more."""
    if not hasattr(os, "killpg"):
        yield
        return
    command = ["/bin/sh", "-c", _LEASH, "leash", str(group)]
    holder = subprocess.Popen(command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        holder.kill()
        holder.communicate()


async def complain(stream: ByteReceiveStream | None, address: str, last: deque[str]) -> None:
    """Log what a process writes for people, and keep the last lines."""
    async with aclosing(lines_of(stream, cut=_LONGEST_COMPLAINT)) as lines:
        async for line in lines:
            text = line.decode(errors="replace").rstrip()
            last.append(text)
            log.warning("%s: %s", address, text)


def failure(what: str, code: int, complaints: Sequence[str], hint: str) -> ProcessError:
    """Return the error of a process that ended with this code."""
    how = f"ended with exit code {code}"
    if code < 0:
        names = {each.value: each.name for each in signal.Signals}
        how = f"was ended by {names.get(-code, f'signal {-code}')}"
    stderr = "\n".join(complaints)
    said = f":\n{stderr}" if stderr.strip() else ", and said nothing on standard error"
    return ProcessError(f"{what} {how}{said}", hint=hint, code=code, stderr=stderr)

"""A command at work: its process, and what goes into it and comes out."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from fbcore.components.json_lines import lines_of
from fbcore.components.process import LAST_LINES, complain, failure, feed, started
from fbcore.components.terminal_command import Command, shortened
from fbcore.errors import EndOfDemand, FlowError, InputError, NodeError, ProcessError, shown
from fbcore.model.component import Component
from fbcore.model.made import MadeClass

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, ByteSendStream

Form = Literal["lines", "bytes"]


class Setting(NamedTuple):
    """How a command is run: the forms of its streams, the exit codes that are good, its folder and environment."""

    stdin: Form | None
    stdout: Form | None
    stderr: Form | None
    ok: tuple[int, ...] | None
    cwd: str | None
    env: dict[str, str]


class Terminal(Component, metaclass=MadeClass):
    """What a class made of a command is derived from: its `run` runs the command."""

    _command: ClassVar[Command]
    _setting: ClassVar[Setting]

    async def run(self) -> None:
        """Run the command once; with placeholders that are inputs, once for every packet of each."""
        configs = {name: self._port(name) for name in self._command.placeholders if name not in self._command.inputs}
        if not self._command.inputs:
            await self._run_once({name: config.value for name, config in configs.items()}, self._stream())
            return
        ports = [self._port(name) for name in self._command.inputs]
        has_text = self._setting.stdin is not None
        async for packets in self.zip(*ports, *([self._port("stdin")] if has_text else [])):
            values = dict(zip(self._command.inputs, packets, strict=False))
            held = {**values, **({"stdin": packets[-1]} if has_text else {})}
            given = {**{name: config.value for name, config in configs.items()}, **values}
            try:
                await self._run_once(given, _only(packets[-1]) if has_text else None)
            except* FlowError as group:
                await self._failed(_first(group), held)

    def _port(self, name: str) -> Any:
        return getattr(self, name)

    def _stream(self) -> AsyncIterator[Any] | None:
        """Return what goes into the only process of a run; None when nothing is connected."""
        if self._setting.stdin is None or not self._port("stdin").is_connected:
            return None
        packets: AsyncIterator[Any] = self._port("stdin")
        return packets

    async def _failed(self, error: BaseException, held: dict[str, Any]) -> None:
        """Send the packets of a process that failed to `error`, or put them to the dead letters, and go on."""
        bury = getattr(self._node, "bury", None)
        if bury is not None and not self.error.is_connected and await bury(error, held):
            # Only a node with policies has dead letters.
            return
        if not self.error.is_connected or not isinstance(error, FlowError):
            raise error
        address = self._node.address
        made = NodeError(f"{type(error).__name__}: {error.what}", address, error.hint, held)
        made.cause = error
        await self._node.send_failure(made, held)

    # -- one process ---------------------------------------------------------------------------------------

    async def _run_once(self, values: Mapping[str, Any], stdin: AsyncIterator[Any] | None) -> None:
        """Run one process to its end: feed it, send what it writes, and tell how it ended.

        Raises:
            ProcessError: it cannot be started, or its exit code is none that is good.
            EndOfDemand: nobody takes what it writes.
        """
        address = self._node.address
        arguments = self._command.filled(values, address)
        complaints: deque[str] = deque(maxlen=LAST_LINES)
        what = f"`{shortened(self._command.text)}`"
        code = None
        async with self.busy(f"the process of {what}"), asyncio.TaskGroup() as tasks:
            try:
                running = started(
                    arguments,
                    f"{what} at {address}",
                    has_input=stdin is not None,
                    environment=self._setting.env,
                    cwd=self._setting.cwd,
                )
                async with running as child:
                    process = child.process
                    outlets = _Outlets([self._port(name) for name in ("stdout", "stderr") if self._form(name)])
                    errors = self._complain(process.stderr, complaints, outlets)
                    complaining = tasks.create_task(errors, name=f"{address} stderr")
                    ending = tasks.create_task(child.end_rest(), name=f"{address} rest")
                    feeding = tasks.create_task(self._feed(process.stdin, stdin), name=f"{address} stdin")
                    try:
                        await self._send(process.stdout, "stdout", outlets)
                        code = await process.wait()
                        await complaining
                    finally:
                        for task in (feeding, complaining, ending):
                            task.cancel()
            except OSError as error:
                raise self._not_started(error, arguments[0]) from error
        await self._ended(code, what, complaints)

    def _form(self, name: str) -> Form | None:
        form: Form | None = getattr(self._setting, name)
        return form

    async def _ended(self, code: int, what: str, complaints: deque[str]) -> None:
        with suppress(EndOfDemand):
            await self._port("exit_code").send(code)
        if self._setting.ok is not None and code not in self._setting.ok:
            hint = "try the command by hand; if this exit code is no failure, say so: TerminalTemplate(..., ok=(0, 1))"
            raise failure(what, code, complaints, hint)

    def _not_started(self, error: OSError, program: str) -> FlowError:
        cwd = self._setting.cwd
        if cwd is not None and not Path(cwd).is_dir():
            return ProcessError(f"there is no folder {shown(cwd)} to run it in", hint="give another cwd", code=127)
        if isinstance(error, FileNotFoundError):
            hint = "install it, or write its whole path; a shell's own commands need shell=True"
            return ProcessError(f"there is no command {program}", hint=hint, code=127)
        hint = "try the command by hand"
        return ProcessError(f"{program} cannot be started: {os.strerror(error.errno or 0)}", hint=hint, code=126)

    # -- its streams ---------------------------------------------------------------------------------------

    async def _feed(self, stdin: ByteSendStream | None, packets: AsyncIterator[Any] | None) -> None:
        """Write every packet, then close the input of the process."""
        if stdin is not None and packets is not None:
            await feed(stdin, packets if self._setting.stdin == "bytes" else self._lines(packets))

    async def _lines(self, packets: AsyncIterator[str]) -> AsyncIterator[bytes]:
        async for packet in packets:
            yield self._line(packet)

    def _line(self, text: str) -> bytes:
        if "\n" in text:
            hint = 'send the lines one by one, or bytes: TerminalTemplate(..., stdin="bytes")'
            raise InputError(f"{shown(text)} is more than one line", f"{self._node.address}.stdin", hint)
        try:
            return f"{text}\n".encode()
        except UnicodeEncodeError:
            hint = 'send bytes: TerminalTemplate(..., stdin="bytes")'
            raise InputError(f"{shown(text)} cannot be UTF-8", f"{self._node.address}.stdin", hint) from None

    async def _send(self, stream: ByteReceiveStream | None, name: str, outlets: _Outlets) -> None:
        """Send what comes from a process by a port; nowhere, where there is none."""
        assert stream is not None
        form = self._form(name)
        if form != "lines":
            async for chunk in stream:
                if form is not None:
                    await outlets.send(self._port(name), chunk)
            return
        number = 0
        async with aclosing(lines_of(stream)) as lines:
            async for line in lines:
                number += 1
                await outlets.send(self._port(name), self._text(line, number))

    def _text(self, line: bytes, number: int) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            what = f"line {number} of its output is no UTF-8: {shown(line)}: byte 0x{line[error.start]:02x}"
            raise InputError(what, hint='take bytes: TerminalTemplate(..., stdout="bytes")') from error

    async def _complain(self, stream: ByteReceiveStream | None, last: deque[str], outlets: _Outlets) -> None:
        """Send what a process writes to standard error, or log it; keep the last lines in any case."""
        form = self._form("stderr")
        if form is None or stream is None:
            await complain(stream, self._node.address, last)
        elif form == "bytes":
            async for chunk in stream:
                last.append(chunk[-1000:].decode(errors="replace").rstrip())
                await outlets.send(self._port("stderr"), chunk)
        else:
            async with aclosing(lines_of(stream)) as lines:
                async for line in lines:
                    last.append(line.decode(errors="replace").rstrip())
                    await outlets.send(self._port("stderr"), line.decode(errors="replace"))


class _Outlets:
    """The outputs of a command; when nobody takes from any of those that somebody took from, it is to end."""

    def __init__(self, ports: list[Any]) -> None:
        self._wanted = [port for port in ports if port.is_connected]
        self._had_any = bool(self._wanted)

    async def send(self, port: Any, value: Any) -> None:
        try:
            await port.send(value)
        except EndOfDemand:
            self._wanted = [each for each in self._wanted if each is not port]
            if not self._wanted:
                raise


def _first(error: BaseException) -> BaseException:
    """Return the first exception in groups of groups."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _only(packet: Any) -> AsyncIterator[Any]:
    yield packet

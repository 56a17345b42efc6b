"""A Python file run as a script, in a process of its own: packets go in and come out as lines of JSON."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from fbcore.components.json_lines import from_line, lines_of, to_json, to_line
from fbcore.components.process import LAST_LINES, complain, failure, feed, started
from fbcore.errors import ConfigError, EndOfDemand, ExtraError, InputError, shown
from fbcore.model.component import Component, class_spec
from fbcore.model.made import MadeClass
from fbcore.model.port_spec import PortKind
from fbcore.model.types import name_of, reader, reason

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, ByteSendStream

# Lines are to come when they are written, and as UTF-8 wherever this runs.
_ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
_HINT = "mend the script; it can be tried by hand, with lines of JSON on standard input"


class PyScript(Component, metaclass=MadeClass):
    """What a class made of a script is derived from: its `run` runs the script and talks to it."""

    _file: ClassVar[Path]
    _wants_uv: ClassVar[bool]

    async def run(self) -> None:
        """Run the script to its end: feed it, send what it writes, log what it complains about."""
        ports = class_spec(type(self)).of
        ins = {spec.name: getattr(self, spec.name) for spec in ports(PortKind.INPUT)}
        outs = {spec.name: _Outlet(getattr(self, spec.name), spec.type) for spec in ports(PortKind.OUTPUT)}
        configs = {spec.name: getattr(self, spec.name).value for spec in ports(PortKind.CONFIG)}
        address = self._node.address
        command = [*_interpreter(self._file, wants_uv=self._wants_uv), str(self._file), *_arguments(configs, address)]
        what = f"the process of {self._file.name}"
        complaints: deque[str] = deque(maxlen=LAST_LINES)
        async with (
            self.busy(what),
            started(command, address, has_input=bool(ins), environment=_ENVIRONMENT) as child,
            asyncio.TaskGroup() as tasks,
        ):
            process = child.process
            complaining = tasks.create_task(complain(process.stderr, address, complaints), name=f"{address} stderr")
            ending = tasks.create_task(child.end_rest(), name=f"{address} rest")
            feeding = tasks.create_task(self._feed(process.stdin, ins, address), name=f"{address} stdin")
            await (_send(process.stdout, outs) if outs else complain(process.stdout, address, deque(maxlen=0)))
            code = await process.wait()
            feeding.cancel()
            await complaining
            ending.cancel()
        if code:
            raise failure(what, code, complaints, _HINT)

    async def _feed(self, stdin: ByteSendStream | None, ins: Mapping[str, Any], address: str) -> None:
        """Write every packet as a line, then close the input of the process."""
        if stdin is not None:
            await feed(stdin, self._lines(ins, address))

    async def _lines(self, ins: Mapping[str, Any], address: str) -> AsyncIterator[bytes]:
        names = {id(port): name for name, port in ins.items()}
        async for hit in self.select(*ins.values()):
            name = names[id(hit.port)]
            value = hit.value if len(ins) == 1 else {"port": name, "value": hit.value}
            yield to_line(value, f"{address}.{name}")


class _Outlet:
    """An output port, as far as a process feeds it: what comes is checked, for it comes from outside the net."""

    def __init__(self, port: Any, kind: Any) -> None:
        self._port = port
        self._kind = kind
        self._read: Callable[[Any], Any] = reader(kind, strict=False)
        self.wanted = True

    async def send(self, value: Any, number: int) -> None:
        try:
            checked = self._read(value)
        except (ValueError, TypeError) as error:
            what = f"line {number} of its output: {shown(value)} is no {name_of(self._kind)}: {reason(error)}"
            raise InputError(what, hint="mend what the script writes, or the type in its block") from error
        try:
            await self._port.send(checked)
        except EndOfDemand:
            self.wanted = False


async def _send(stdout: ByteReceiveStream | None, outs: Mapping[str, _Outlet]) -> None:
    """Send the value on every line, until there are no more, or nobody wants them."""
    number = 0
    async with aclosing(lines_of(stdout)) as lines:
        async for line in lines:
            number += 1
            if not line.strip():
                continue
            outlet, value = _addressed(from_line(line, number), number, outs)
            if outlet.wanted:
                await outlet.send(value, number)
            if not any(each.wanted for each in outs.values()):
                raise EndOfDemand(" and ".join(outs))


def _addressed(value: Any, number: int, outs: Mapping[str, _Outlet]) -> tuple[_Outlet, Any]:
    """Return the port that a value is for, and the value itself."""
    if len(outs) == 1:
        return next(iter(outs.values())), value
    known = ", ".join(outs)
    if not isinstance(value, dict) or value.keys() != {"port", "value"}:
        hint = f'write {{"port": "{next(iter(outs))}", "value": ...}}, for it has several outputs: {known}'
        raise InputError(f"line {number} of its output does not say a port and a value: {shown(value)}", hint=hint)
    if not isinstance(value["port"], str) or value["port"] not in outs:
        raise InputError(f"line {number} of its output is for no port: {shown(value['port'])}", hint=f"it has: {known}")
    return outs[value["port"]], value["value"]


# -- the process -----------------------------------------------------------------------------------------


def _interpreter(file: Path, *, wants_uv: bool) -> list[str]:
    """Return what is to run a file: this Python, or uv for one that names what it depends on."""
    import shutil

    if not wants_uv:
        return [sys.executable]
    uv = shutil.which("uv")
    if uv is None:
        what = f"{file.name} names its dependencies in a block `# /// script`, and uv, which brings them, is not there"
        raise ExtraError(what, hint="install uv, or remove the dependencies from the block if they are installed")
    return [uv, "run", "--quiet", "--script"]


def _arguments(configs: Mapping[str, Any], address: str) -> list[str]:
    """Return configs as arguments: texts and paths as they are, all else as JSON; None is left out."""
    given = {name: value for name, value in configs.items() if value is not None}
    return [f"--{name.replace('_', '-')}={_argument(value, f'{address}.{name}')}" for name, value in given.items()]


def _argument(value: Any, address: str) -> str:
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    try:
        return to_json(value, address)
    except InputError as error:
        raise ConfigError(error.what, hint="give it a text, a path, a number, or lists and dicts of these") from error

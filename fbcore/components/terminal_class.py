"""The class of a command, as if its user had written it: with a port for each placeholder and stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fbcore.components.terminal_command import Command, shortened
from fbcore.components.terminal_run import Setting, Terminal
from fbcore.model.made import MadeClass
from fbcore.model.packet import NOTHING
from fbcore.model.port import Config, In, Message, Out

_CARRIED: dict[str, Any] = {"lines": str, "bytes": bytes}
_IN: Any = In
_OUT: Any = Out
_CONFIG: Any = Config
_MESSAGE: Any = Message


def class_of(command: str | Sequence[str], inputs: Sequence[str], setting: Setting, *, shell: bool) -> Any:
    """Make a component of a command.

    Raises:
        GraphError: it cannot be one.
    """
    read = Command(command, inputs, shell=shell)
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {}
    for name, placeholder in read.placeholders.items():
        if name in read.inputs:
            annotations[name] = _IN[placeholder.kind]
        else:
            annotations[name] = _CONFIG[placeholder.kind]
            if placeholder.default is not NOTHING:
                body[name] = Config(default=placeholder.default)
    if setting.stdin is not None:
        annotations["stdin"] = _IN[_CARRIED[setting.stdin]]
        if not read.inputs:
            body["stdin"] = In(optional=True)
    for name, form in (("stdout", setting.stdout), ("stderr", setting.stderr)):
        if form is not None:
            annotations[name] = _OUT[_CARRIED[form]]
    annotations["exit_code"] = _MESSAGE[int]
    label = f"$ {shortened(read.text)}"
    body |= {"__annotations__": annotations, "__doc__": _doc(read, annotations), "_label": label}
    return MadeClass(read.name, (Terminal,), {**body, "_command": read, "_setting": setting})


def _doc(command: Command, ports: Mapping[str, Any]) -> str:
    filled = ", ".join(f"`{name}`" for name in command.placeholders)
    streams = ", ".join(f"`{name}`" for name in ports if name not in command.placeholders)
    return f"The command `{command.text}`{f', filled by {filled}' if filled else ''}; its streams and end: {streams}."

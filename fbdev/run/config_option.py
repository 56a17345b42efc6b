"""Options of the command line for the configs of a graph."""

import enum
import types
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer

from fbcore.model.graph import Graph, NodeSpec
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortSpec
from fbcore.model.types import name_of

PANEL = "Configs of the graph"

_NAMES = {str: "TEXT", int: "INTEGER", float: "FLOAT", Path: "PATH", Any: "VALUE"}


class ConfigOption:
    """One config of a graph as an option: `count` becomes `--count INTEGER`."""

    def __init__(self, name: str, ports: list[tuple[NodeSpec, PortSpec]], taken: Collection[str]) -> None:
        self.name = name
        self.parameter = f"config_{name}"
        self.ports = ports
        self.kinds = [port.type for _, port in ports]
        self.is_flag = all(_without_none(kind) is bool for kind in self.kinds)
        self.option = _free(f"--{name.strip('_').replace('_', '-') or 'config'}", self.is_flag, taken)
        self.required = any(node.default(port.name) is NOTHING for node, port in ports)

    @property
    def metavar(self) -> str:
        """What stands for its value in help: `INTEGER`; "" for a flag."""
        return "" if self.is_flag else _metavar(_without_none(self.kinds[0]))

    @property
    def options(self) -> list[str]:
        """The ways to write it: `--count`, or for a flag `--strict` and `--no-strict`."""
        return [self.option, _no(self.option)] if self.is_flag else [self.option]

    def declare(self) -> Any:
        """Return the annotation that declares the option to typer."""
        option = typer.Option(
            "/".join(self.options),
            metavar=self.metavar,
            help=self.help(),
            show_default=False,
            rich_help_panel=PANEL,
        )
        return Annotated[bool | None if self.is_flag else str | None, option]

    def help(self) -> str:
        """Say what the option is for: the ports it feeds, what their component does, and the default."""
        fed = ", ".join(f"{node.id}.{port.name}" for node, port in self.ports)
        doc = self.ports[0][0].component.doc.partition("\n")[0]
        return _escape(f"For {fed}{': ' if doc else '.'}{doc} [{self.default()}]")

    def default(self) -> str:
        """Say what the config is when the option is not given."""
        if self.required:
            return "required"
        shown = {f"{node.id}.{port.name}": _shown(node.default(port.name)) for node, port in self.ports}
        if len(set(shown.values())) == 1:
            return f"default: {next(iter(shown.values()))}"
        return "default: " + ", ".join(f"{value} for {port}" for port, value in shown.items())


def config_options(graph: Graph, fixed: Collection[str]) -> list[ConfigOption]:
    """Return an option for each config of a graph; none of them is among the `fixed` ones."""
    taken = set(fixed)
    found = []
    for name, edges in graph.border("configs").items():
        nodes = [(graph.nodes[edge.target[0]], edge.target[1]) for edge in edges]
        option = ConfigOption(name, [(node, node.component.ports[port]) for node, port in nodes], taken)
        taken.update(option.options)
        found.append(option)
    return found


def _free(option: str, is_flag: bool, taken: Collection[str]) -> str:
    """Return the option, or with `config-` before its name while another option is called so."""
    while option in taken or (is_flag and _no(option) in taken):
        option = f"--config-{option[2:]}"
    return option


def _no(option: str) -> str:
    return f"--no-{option[2:]}"


def _metavar(kind: Any) -> str:
    if kind in _NAMES:
        return _NAMES[kind]
    if get_origin(kind) is Literal:
        return f"[{'|'.join(map(str, get_args(kind)))}]"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return f"[{'|'.join(str(member.value) for member in kind)}]"
    return name_of(kind)


def _without_none(kind: Any) -> Any:
    """Return what `int | None` is besides None."""
    rest = [each for each in get_args(kind) if each is not types.NoneType]
    return rest[0] if get_origin(kind) in (Union, types.UnionType) and len(rest) == 1 else kind


def _shown(default: Any) -> str:
    if default is NOTHING or default is None:
        return "none"
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, str):
        return default if default.strip() else repr(default)
    return str(default) if isinstance(default, Path | int | float) else repr(default)


def _escape(text: str) -> str:
    """Keep rich from reading brackets as its markup."""
    return text.replace("[", r"\[")

"""Options of the command line for the configs of a graph."""

import enum
import types
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import typer

from fbcore.model.flat import flatten
from fbcore.model.graph import Graph
from fbcore.model.packet import NOTHING
from fbcore.model.types import name_of
from fbdev.run.option_name import negative, option_name

PANEL = "Configs of the graph"

_NAMES = {str: "TEXT", int: "INTEGER", float: "FLOAT", Path: "PATH", Any: "VALUE"}


class FedConfig(NamedTuple):
    """A config of a node that is fed from outside: its address, its type, its node's documentation, its default."""

    address: str
    kind: Any
    doc: str
    default: Any


class ConfigOption:
    """One config of a graph as an option: `count` becomes `--count INTEGER`."""

    def __init__(self, name: str, fed: list[FedConfig], taken: Collection[str]) -> None:
        self.name = name
        self.parameter = f"config_{name}"
        self.fed = fed
        self.kinds = [each.kind for each in fed]
        self.is_flag = all(_without_none(kind) is bool for kind in self.kinds)
        self.option = option_name(name, taken, is_flag=self.is_flag)
        self.required = any(each.default is NOTHING for each in fed)

    @property
    def metavar(self) -> str:
        """What stands for its value in help: `INTEGER`; "" for a flag."""
        return "" if self.is_flag else _metavar(_without_none(self.kinds[0]))

    @property
    def options(self) -> list[str]:
        """The ways to write it: `--count`, or for a flag `--strict` and `--no-strict`."""
        return [self.option, negative(self.option)] if self.is_flag else [self.option]

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
        addresses = ", ".join(each.address for each in self.fed)
        doc = self.fed[0].doc.partition("\n")[0]
        return _escape(f"For {addresses}{': ' if doc else '.'}{doc} [{self.default()}]")

    def default(self) -> str:
        """Say what the config is when the option is not given."""
        if self.required:
            return "required"
        shown = {each.address: _shown(each.default) for each in self.fed}
        if len(set(shown.values())) == 1:
            return f"default: {next(iter(shown.values()))}"
        return "default: " + ", ".join(f"{value} for {port}" for port, value in shown.items())


def config_options(graph: Graph, fixed: Collection[str]) -> list[ConfigOption]:
    """Return an option for each config of a graph; none of them is among the `fixed` ones."""
    taken = set(fixed)
    found = []
    for name, fed in fed_configs(graph).items():
        option = ConfigOption(name, fed, taken)
        taken.update(option.options)
        found.append(option)
    return found


def fed_configs(graph: Graph) -> dict[str, list[FedConfig]]:
    """Return for each config of a graph what it feeds, in whatever composite that is."""
    flat = flatten(graph)
    found: dict[str, list[FedConfig]] = {}
    for edge in flat.edges:
        node = flat.nodes.get(edge.target[0])
        port = node.component.ports.get(edge.target[1]) if node is not None else None
        if edge.source[0] == "configs" and node is not None and port is not None:
            default = flat.values.get(edge.target, NOTHING)
            fed = FedConfig(".".join(edge.target), port.type, node.component.doc, default)
            found.setdefault(edge.source[1], []).append(fed)
    return found


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

"""Settings: how a net is run, and each of its nodes, said outside the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fbcore.errors import SettingsError, shown
from fbcore.model.log import level_number
from fbcore.net.options import UNLESS_SAID, HowToStop, NetOptions, Tracking
from fbcore.orchestration.edge_settings import (
    EDGE_SETTINGS,
    OF_NODES_TOO,
    EdgeSettings,
    check_edges,
    edge_covers,
    sections_of,
    taker_of,
)
from fbcore.orchestration.nearest import nearest
from fbcore.orchestration.pattern import EVERYTHING, covers, matches, problem_of
from fbcore.orchestration.placement import Placement, placement_of
from fbcore.orchestration.policy import (
    NEVER,
    Breaker,
    Concurrency,
    DeadLetters,
    End,
    Rate,
    Restart,
    Retry,
    Timeout,
    is_number,
)
from fbcore.orchestration.said import UNSAID, Origin, Said, Section, check_edge, most_specific

if TYPE_CHECKING:
    PlaceSetting: TypeAlias = Placement | Literal["here", "thread"]
else:
    # To pydantic, which cannot know what a placement is; it is checked where settings are made.
    PlaceSetting = Any

OF_FIRINGS: dict[str, type] = {"retry": Retry, "timeout": Timeout, "breaker": Breaker, "rate": Rate}
"""The settings that are policies around each firing of a function; they mean nothing to a class."""

POLICIES: dict[str, type] = {
    "restart": Restart,
    "end": End,
    "dead_letters": DeadLetters,
    "concurrency": Concurrency,
    **OF_FIRINGS,
}
"""The settings that are policies; all but `restart`, which has a word for it, may be None, for none."""


if TYPE_CHECKING:
    _Concurrency: TypeAlias = Concurrency | int
else:
    # A number in a file has been written out when it is validated, so that errors are about one form alone.
    _Concurrency = Concurrency


@dataclass(frozen=True, kw_only=True, repr=False)
class NodeSettings(Said):
    """How a node is run; what is not said here is looked for where less is said.

    `capacity`: how many packets each edge into the node holds of which the graph does not say it (`"unbounded"`, or
    None, for any number). `check`: what is checked on the edges into it: `"edges"` the types of values, `"mutation"`
    that nobody changed them, `"nothing"`. `restart`: when it is begun anew, a `Restart`. `end`: when it is ended though
    it could go on, an `End`, or None. `dead_letters`: where packets go that it could not process, `DeadLetters`, or
    None. Of firings of functions: `retry`, how often each is tried, a `Retry`; `timeout`, how long an attempt may
    take, a `Timeout` or seconds; `breaker`, when they are refused, a `Breaker`; `rate`, how quickly they follow each
    other, a `Rate`; `concurrency`, how many go on at once, a `Concurrency` or a number; or None. `place`: where it does
    its work, `"here"`, `"thread"`, or a placement.
    `log_level`: from which level on its lines count on the log (`"DEBUG"`, or a number), whatever loggers say; None for
    as loggers say. `stdout`: what becomes of what it prints, `"pass"` or `"log"`.

    Example:
        settings = NetSettings(nodes={"load.*": NodeSettings(capacity=8), "load.parse": NodeSettings(capacity=500)})
        print(settings.of("load.parse").capacity, settings.of("load.read").capacity, settings.of("mean").capacity)
        #> 500 8 64
    """

    capacity: int | Literal["unbounded"] | None = UNSAID
    check: Literal["edges", "mutation", "nothing"] = UNSAID
    restart: Restart = UNSAID
    end: End | None = UNSAID
    retry: Retry | None = UNSAID
    dead_letters: DeadLetters | None = UNSAID
    concurrency: _Concurrency | None = UNSAID
    breaker: Breaker | None = UNSAID
    rate: Rate | None = UNSAID
    timeout: Timeout | float | None = UNSAID
    place: PlaceSetting = UNSAID
    log_level: str | int | None = UNSAID
    stdout: Literal["pass", "log"] = UNSAID

    def __post_init__(self) -> None:
        super().__post_init__()
        check_edge(self.capacity, self.check)
        if type(self.concurrency) is int:
            object.__setattr__(self, "concurrency", Concurrency(self.concurrency))
        if type(self.timeout) in (int, float):
            object.__setattr__(self, "timeout", Timeout(self.timeout))  # type: ignore[arg-type]
        if self.place is not UNSAID:
            placement_of(self.place)
        if self.log_level is not UNSAID and self.log_level is not None:
            _check_level(self.log_level)
        if self.stdout is not UNSAID and self.stdout not in ("pass", "log"):
            raise SettingsError(f"it cannot be {shown(self.stdout)}", "stdout", 'say "pass" or "log"')
        for name, kind in POLICIES.items():
            value = getattr(self, name)
            if value is not UNSAID and not isinstance(value, kind) and not (name != "restart" and value is None):
                raise SettingsError(f"it cannot be {shown(value)}", name, f"give {kind.__name__}(...)")


@dataclass(frozen=True, kw_only=True, repr=False)
class SubNetSettings(NodeSettings):
    """How the nodes in a composite are run, those of composites in it included; settings are those of a node.

    Example:
        settings = NetSettings(capacity=100, subnets={"load": SubNetSettings(capacity=8)})
        print(settings.of("load.csv.parse").capacity, settings.of("mean").capacity)
        #> 8 100
    """


@dataclass(frozen=True, kw_only=True, repr=False)
class NetSettings(NodeSettings):
    """How a net is run: the settings of the whole net, of its composites by address, and of its nodes by address.

    Settings of nodes that are said of the whole net hold for each. In addresses of nodes and composites `*` stands for
    any letters of one part, and `**` for one part or more. The most specific that says something about a setting wins;
    where neither of two lies inside the other, as `load.*` and `*.parse`, there has to be a third, or it is refused.

    - `tracking`, `keep`: what is known of packets afterwards, as of `BatchRuntime`;
    - `time_limit`, `grace`: seconds that a run may take, and that it may drain when it is stopped;
    - `stop`: what a stop from outside does, by a signal, say: `"drain"` the net, or end it `"at once"`;
    - `subnets`, `nodes`, `edges`: by address, or pattern of addresses; what is said of an edge counts before what is
      said of the node that it leads to.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        settings = NetSettings(tracking="history", nodes={"double": NodeSettings(capacity=1)})
        result = BatchRuntime(double, settings=settings).run(inputs={"number": 21})
        print(result.edges["inputs.number->double.number"].capacity)
        #> 1
    """

    tracking: Tracking = UNSAID
    keep: int | str = UNSAID
    time_limit: float | None = UNSAID
    grace: float = UNSAID
    stop: HowToStop = UNSAID
    subnets: Mapping[str, SubNetSettings] = field(default_factory=dict)
    nodes: Mapping[str, NodeSettings] = field(default_factory=dict)
    edges: Mapping[str, EdgeSettings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("time_limit", "grace"):
            value = getattr(self, name)
            if value is not UNSAID and not (name == "time_limit" and value is None):
                _check_seconds(name, value)
        if self.stop is not UNSAID and self.stop not in ("drain", "at once"):
            raise SettingsError(f"it cannot be {shown(self.stop)}", "stop", 'say "drain" or "at once"')
        self.options()
        for kind in _PARTS:
            if not isinstance(getattr(self, kind), Mapping):
                raise SettingsError(f"it cannot be {shown(getattr(self, kind))}", kind, "give a dict: by address")
        for kind, known in (("subnets", SubNetSettings), ("nodes", NodeSettings)):
            for address, settings in getattr(self, kind).items():
                _check_section(kind, address, settings, known)
        check_edges(self.edges)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> NetSettings:
        r"""Read settings from a TOML or JSON file, by the ending of its name.

        Raises:
            LoadError: there is no such file, or it is no TOML, or no JSON.
            SettingsError: a setting is unknown, or has a value that it cannot have; each problem names its line.

        Example:
            from pathlib import Path

            Path("net.toml").write_text('time_limit = 60\n[nodes."load.*"]\ncapacity = 8\n')
            settings = NetSettings.load("net.toml")
            print(settings.of("load.parse").capacity, settings.origin("load.parse", "capacity"), sep=", from ")
            #> 8, from net.toml:3, nodes."load.*"
        """
        from fbcore.orchestration.settings_file import load_settings

        return load_settings(path)

    # -- what holds --------------------------------------------------------------------------------

    def of(self, address: str) -> NodeSettings:
        """Return the settings that hold for a node, all of them.

        Raises:
            SettingsError: two that are equally specific disagree.
        """
        # Nodes of which the same is said have the same settings: of thousands, only few differ.
        key = tuple(each.pattern for each in self._about(address))
        found = self._found.get(key)
        if found is None:
            values = {name: self.origin(address, name).value for name in NODE_SETTINGS}
            found = self._found[key] = NodeSettings(**values)
        return found

    def origin(self, address: str, setting: str) -> Origin:
        """Return the value of a setting for a node, or an edge, and what says so; of the whole net with the address "".

        Raises:
            SettingsError: there is no such setting, or two that are equally specific say something about it.

        Example:
            settings = NetSettings(capacity=100, nodes={"load.*": NodeSettings(capacity=8)})
            print(settings.origin("load.parse", "capacity"))
            #> net.py:1, nodes."load.*"
            print(settings.origin("mean", "capacity").value, settings.origin("mean", "check"))
            #> 100 default
        """
        known = EDGE_SETTINGS if "->" in address else [*DEFAULTS]
        if setting not in known:
            raise SettingsError(f"there is no setting {setting!r}", address, nearest(setting, known, "its settings"))
        if "->" in address:
            return self._origin_of_edge(address, setting)
        found = [each for each in self._about(address) if setting in each.said]
        if not found:
            return Origin(DEFAULTS[setting])
        return most_specific(found, setting, address, covers, f'the node itself: nodes."{address}"')

    def of_edge(self, address: str) -> EdgeSettings:
        """Return the settings that hold for an edge, all of them; what the graph says of it counts before these.

        Raises:
            SettingsError: two that are equally specific disagree.
        """
        return EdgeSettings(**{name: self.origin(address, name).value for name in EDGE_SETTINGS})

    def _origin_of_edge(self, address: str, setting: str) -> Origin:
        found = [each for each in sections_of(self.edges, address) if setting in each.said]
        if found:
            return most_specific(found, setting, address, edge_covers, f'the edge itself: edges."{address}"')
        return self.origin(taker_of(address), setting) if setting in OF_NODES_TOO else Origin(None)

    def _about(self, address: str) -> list[Section]:
        """Return the sections that say something about a node; those of the whole net do with any address."""
        return [each for each in self._sections if each.pattern == EVERYTHING or matches(each.pattern, address)]

    @cached_property
    def _sections(self) -> list[Section]:
        sections = [Section(EVERYTHING, "", self.said(), self.places)]
        for address, subnet in self.subnets.items():
            sections.append(Section(f"{address}.**", f'subnets."{address}"', subnet.said(), subnet.places))
        for address, node in self.nodes.items():
            sections.append(Section(address, f'nodes."{address}"', node.said(), node.places))
        return sections

    @cached_property
    def _found(self) -> dict[tuple[str, ...], NodeSettings]:
        return {}

    def options(self, *, stepwise: bool = False) -> NetOptions:
        """Return the options that a net is made with."""
        check = self.check if self.check in ("edges", "mutation") else None
        tracking = "counts" if self.tracking is UNSAID else self.tracking
        return NetOptions(tracking, 0 if self.keep is UNSAID else self.keep, check, stepwise=stepwise)

    def saying(self, **settings: Any) -> NetSettings:
        """Return the same settings, but for these of the whole net.

        Example:
            print(NetSettings(grace=1).saying(time_limit=60))
            #> NetSettings(time_limit=60, grace=1)
        """
        if not settings:
            return self
        made = replace(self, **settings)
        object.__setattr__(made, "places", {**made.places, **self.places, **{n: made.places[n] for n in settings}})
        return made

    def said(self) -> dict[str, Any]:
        """Return what is said of the whole net, and of its parts where anything is."""
        return {name: value for name, value in super().said().items() if value or name not in _PARTS}


_PARTS = ("subnets", "nodes", "edges")

DEFAULTS: dict[str, Any] = {
    "capacity": 64,
    "check": "nothing",
    "restart": NEVER,
    "end": None,
    "retry": None,
    "dead_letters": None,
    "concurrency": None,
    "breaker": None,
    "rate": None,
    "timeout": None,
    "place": "here",
    "log_level": None,
    "stdout": "pass",
    "tracking": "counts",
    "keep": 0,
    **UNLESS_SAID,
}
"""What settings are that nobody has said."""

NODE_SETTINGS = [each.name for each in fields(NodeSettings) if each.init]
"""The settings that can be said of a node."""


def settings_of(given: Any, **short: Any) -> NetSettings:
    """Return settings that were given as such, as data, or as a file, and in short, where None says nothing.

    Raises:
        SettingsError: a setting is unknown, or has a value that it cannot have.
        LoadError: the file cannot be read.
    """
    short = {name: value for name, value in short.items() if value is not None}
    if given is None:
        return NetSettings(**short)
    if isinstance(given, str | PathLike):
        return NetSettings.load(given).saying(**short)
    if isinstance(given, Mapping):
        from fbcore.orchestration.settings_file import settings_from

        return settings_from(given).saying(**short)
    if isinstance(given, NetSettings):
        return given.saying(**short)
    hint = "give a NetSettings, or the path of a TOML or JSON file"
    raise SettingsError(f"{shown(given)} is no settings", "settings", hint)


def _check_level(value: Any) -> None:
    try:
        level_number(value)
    except SettingsError as error:
        raise SettingsError(error.what, "log_level", error.hint) from None


def _check_seconds(name: str, value: Any) -> None:
    if not is_number(value) or value < 0:
        raise SettingsError(f"it cannot be {shown(value)}", name, "give a number of seconds")


def _check_section(kind: str, address: Any, settings: Any, known: type[NodeSettings]) -> None:
    where = f'{kind}."{address}"'
    problem = problem_of(address) if isinstance(address, str) else "an address is a text"
    if problem:
        raise SettingsError(f"{shown(address)} means no node", where, problem)
    if type(settings) is not known:
        raise SettingsError(f"{shown(settings)} is no {known.__name__}", where, f"give a {known.__name__}(...)")

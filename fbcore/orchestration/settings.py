"""Settings: how a net is run, and each of its nodes, said outside the graph."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from fbcore.errors import SettingsError, is_machinery, shown
from fbcore.model.address import Place
from fbcore.net.net import GRACE
from fbcore.net.options import HowToStop, NetOptions, Tracking
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
    is_number,
)

if TYPE_CHECKING:
    PlaceSetting: TypeAlias = Placement | Literal["here", "thread"]
else:
    # To pydantic, which cannot know what a placement is; it is checked where settings are made.
    PlaceSetting = Any

_CLOSED: Any = {"extra": "forbid"}


class _Unsaid:
    """What a setting is that nobody has said; None is a value."""

    def __repr__(self) -> str:
        return "..."

    def __bool__(self) -> bool:
        return False


UNSAID: Any = _Unsaid()
"""Stands for a setting that was not said."""


OF_FIRINGS: dict[str, type] = {"retry": Retry, "breaker": Breaker, "rate": Rate}
"""The settings that are policies around each firing of a function; they mean nothing to a class."""

POLICIES: dict[str, type] = {
    "restart": Restart,
    "end": End,
    "dead_letters": DeadLetters,
    "concurrency": Concurrency,
    **OF_FIRINGS,
}
"""The settings that are policies; all but `restart`, which has a word for it, may be None, for none."""


class Origin(NamedTuple):
    """Where the value of a setting comes from: what it was said of, as `nodes."load.*"`, and the line that says it.

    `said_of` is "" for the whole net, and `place` None for what nobody has said, which then has its default.
    """

    value: Any
    said_of: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        if self.place is None:
            return "default"
        return f"{self.place}, {self.said_of}" if self.said_of else str(self.place)


class _Section(NamedTuple):
    """Settings of some nodes: the pattern of their addresses, how the section is called, what it says, and where."""

    pattern: str
    said_of: str
    said: dict[str, Any]
    places: Mapping[str, Place]


@dataclass(frozen=True, kw_only=True, repr=False)
class NodeSettings:
    """How a node is run; what is not said here is looked for where less is said.

    `capacity`: how many packets each edge into the node holds of which the graph does not say it (`"unbounded"`, or
    None, for any number). `check`: what is checked on the edges into it: `"edges"` the types of values, `"mutation"`
    that nobody changed them, `"nothing"`. `restart`: when it is begun anew, a `Restart`. `end`: when it is ended though
    it could go on, an `End`, or None. `dead_letters`: where packets go that it could not process, `DeadLetters`, or
    None. Of firings of functions: `retry`, how often each is tried, a `Retry`; `breaker`, when they are refused, a
    `Breaker`; `rate`, how quickly they follow each other, a `Rate`; `concurrency`, how many go on at once, a
    `Concurrency` or a number; or None. `place`: where it does its work, `"here"`, `"thread"`, or a placement.

    Example:
        settings = NetSettings(nodes={"load.*": NodeSettings(capacity=8), "load.parse": NodeSettings(capacity=500)})
        print(settings.of("load.parse").capacity, settings.of("load.read").capacity, settings.of("mean").capacity)
        #> 500 8 64
    """

    __pydantic_config__ = _CLOSED

    capacity: int | Literal["unbounded"] | None = UNSAID
    check: Literal["edges", "mutation", "nothing"] = UNSAID
    restart: Restart = UNSAID
    end: End | None = UNSAID
    retry: Retry | None = UNSAID
    dead_letters: DeadLetters | None = UNSAID
    concurrency: Concurrency | int | None = UNSAID
    breaker: Breaker | None = UNSAID
    rate: Rate | None = UNSAID
    place: PlaceSetting = UNSAID
    places: Mapping[str, Place] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        place = _place_outside()
        object.__setattr__(self, "places", dict.fromkeys(self.said(), place))
        _check_capacity(self.capacity)
        if self.check is not UNSAID and self.check not in ("nothing", "edges", "mutation"):
            raise SettingsError(f"it cannot be {shown(self.check)}", "check", 'say "edges", "mutation" or "nothing"')
        if type(self.concurrency) is int:
            object.__setattr__(self, "concurrency", Concurrency(self.concurrency))
        if self.place is not UNSAID:
            placement_of(self.place)
        for name, kind in POLICIES.items():
            value = getattr(self, name)
            if value is not UNSAID and not isinstance(value, kind) and not (name != "restart" and value is None):
                raise SettingsError(f"it cannot be {shown(value)}", name, f"give {kind.__name__}(...)")

    def said(self) -> dict[str, Any]:
        """Return what is said here, by the name of the setting."""
        named = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        return {name: value for name, value in named.items() if value is not UNSAID}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.said().items())})"


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
    - `subnets`, `nodes`: by address, or pattern of addresses.

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

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("time_limit", "grace"):
            value = getattr(self, name)
            if value is not UNSAID and not (name == "time_limit" and value is None):
                _check_seconds(name, value)
        if self.stop is not UNSAID and self.stop not in ("drain", "at once"):
            raise SettingsError(f"it cannot be {shown(self.stop)}", "stop", 'say "drain" or "at once"')
        self.options()
        for kind, known in (("subnets", SubNetSettings), ("nodes", NodeSettings)):
            for address, settings in getattr(self, kind).items():
                _check_section(kind, address, settings, known)

    @classmethod
    def load(cls, path: str | Path) -> NetSettings:
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

        return load_settings(Path(path))

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
        """Return the value of a setting for a node (or of the whole net, with the address ""), and what says so.

        Raises:
            SettingsError: there is no such setting, or two that are equally specific say something about it.

        Example:
            settings = NetSettings(capacity=100, nodes={"load.*": NodeSettings(capacity=8)})
            print(settings.origin("load.parse", "capacity"))
            #> net.py:1, nodes."load.*"
            print(settings.origin("mean", "capacity").value, settings.origin("mean", "check"))
            #> 100 default
        """
        if setting not in DEFAULTS:
            known = [*DEFAULTS]
            raise SettingsError(f"there is no setting {setting!r}", address, nearest(setting, known, "its settings"))
        found = [each for each in self._about(address) if setting in each.said]
        if not found:
            return Origin(DEFAULTS[setting])
        best = [each for each in found if all(covers(other.pattern, each.pattern) for other in found)]
        if len(best) != 1:
            raise _tie(address, setting, best or [each for each in found if each.pattern != EVERYTHING])
        return Origin(best[0].said[setting], best[0].said_of, best[0].places.get(setting))

    def _about(self, address: str) -> list[_Section]:
        """Return the sections that say something about a node; those of the whole net do with any address."""
        return [each for each in self._sections if each.pattern == EVERYTHING or matches(each.pattern, address)]

    @cached_property
    def _sections(self) -> list[_Section]:
        sections = [_Section(EVERYTHING, "", self.said(), self.places)]
        for address, subnet in self.subnets.items():
            sections.append(_Section(f"{address}.**", f'subnets."{address}"', subnet.said(), subnet.places))
        for address, node in self.nodes.items():
            sections.append(_Section(address, f'nodes."{address}"', node.said(), node.places))
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
        return {name: value for name, value in super().said().items() if value or name not in ("nodes", "subnets")}


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
    "place": "here",
    "tracking": "counts",
    "keep": 0,
    "time_limit": None,
    "grace": GRACE,
    "stop": "drain",
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
    if isinstance(given, str | Path):
        return NetSettings.load(given).saying(**short)
    if isinstance(given, Mapping):
        from fbcore.orchestration.settings_file import settings_from

        return settings_from(given).saying(**short)
    if isinstance(given, NetSettings):
        return given.saying(**short)
    hint = "give a NetSettings, or the path of a TOML or JSON file"
    raise SettingsError(f"{shown(given)} is no settings", "settings", hint)


def _place_outside() -> Place:
    """Return the line that makes settings, outside this package."""
    frame = sys._getframe(2)
    while frame.f_back is not None and (is_machinery(frame.f_code.co_filename) or _is_generated(frame)):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)


def _is_generated(frame: FrameType) -> bool:
    return frame.f_code.co_filename == "<string>" or frame.f_globals.get("__name__") == "dataclasses"


def _check_capacity(value: Any) -> None:
    if value is UNSAID or value is None or value == "unbounded":
        return
    if type(value) is not int or value < 1:
        hint = 'give a whole number of packets from 1 on, or "unbounded"'
        raise SettingsError(f"it cannot be {shown(value)}", "capacity", hint)


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


def _tie(address: str, setting: str, rivals: list[_Section]) -> SettingsError:
    said = " and ".join(f"{each.said_of or 'the whole net'} ({each.places.get(setting)})" for each in rivals)
    what = f"{said} say what `{setting}` is, and neither is more specific"
    return SettingsError(what, address, f'say it of the node itself: nodes."{address}"')

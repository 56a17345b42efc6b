"""Settings as TOML and JSON: read, validated, and each of them with its line."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from fbcore.errors import LoadError, SettingsError, shown
from fbcore.model.address import Place
from fbcore.model.problem import Problem
from fbcore.orchestration.edge_settings import EDGE_SETTINGS, EdgeSettings
from fbcore.orchestration.lines import Keys, first_said_twice, lines_of_json, lines_of_toml
from fbcore.orchestration.nearest import nearest
from fbcore.orchestration.said import Said
from fbcore.orchestration.settings import POLICIES, NetSettings, NodeSettings, SubNetSettings

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_SHORT: dict[Any, tuple[type, str]] = {
    "restart": (str, "when"),
    "dead_letters": (str, "file"),
    "retry": (int, "attempts"),
    "concurrency": (int, "most"),
    "breaker": (int, "failures"),
    "rate": (int, "most"),
}
"""What a value of this type is short for, in a policy: `retry = 3` for `retry = { attempts = 3 }`."""

_SECTIONS: dict[str, type[Said]] = {"nodes": NodeSettings, "subnets": SubNetSettings, "edges": EdgeSettings}


def load_settings(file: str | PathLike[str]) -> NetSettings:
    """Read settings from a TOML or JSON file; see `NetSettings.load`."""
    path = Path(file)
    if path.suffix not in (".toml", ".json"):
        raise LoadError("settings are a TOML or JSON file", str(path), "let its name end in .toml or .json")
    text = _text_of(path)
    if path.suffix == ".toml":
        data, lines = _toml(path, text), lines_of_toml(text)
    else:
        data, lines = _json(path, text), lines_of_json(text)
    return _validated(data, str(path), lines)


def settings_from(data: Mapping[str, Any]) -> NetSettings:
    """Return the settings that data says, as TOML and JSON have it.

    Raises:
        SettingsError: a setting is unknown, or has a value that it cannot have.

    Example:
        from fbcore.orchestration.settings_file import settings_from

        print(settings_from({"grace": 1, "nodes": {"parse": {"capacity": 8}}}).of("parse").capacity)
        #> 8
    """
    return _validated(data, "", {})


def _text_of(path: Path) -> str:
    try:
        # Editors of some systems begin a file with a mark of its encoding.
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        hint = "" if path.is_absolute() else f"the current folder is {Path.cwd()}"
        raise LoadError("there is no such file", str(path), hint) from error
    except UnicodeDecodeError as error:
        raise LoadError("this is no text in UTF-8", str(path), "save it as UTF-8") from error
    except (OSError, ValueError) as error:
        raise LoadError(f"cannot read this file: {getattr(error, 'strerror', None) or error}", str(path)) from error


def _toml(path: Path, text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, at = str(error).rpartition(" (at ")
        line = re.match(r"line (\d+)", at)
        where = f"{path}:{line[1]}" if line else f"{path}:{text.count(chr(10)) + 1}"
        raise LoadError(f"this is no TOML: {what or error}", where, "mend the line") from error
    except RecursionError as error:
        raise LoadError("this is no TOML that can be read: it is too deep", str(path)) from error


def _json(path: Path, text: str) -> Any:
    try:
        data = json.loads(text)
        twice = first_said_twice(text)
    except json.JSONDecodeError as error:
        raise LoadError(f"this is no JSON: {error.msg}", f"{path}:{error.lineno}", "mend the line") from error
    except RecursionError as error:
        raise LoadError("this is no JSON that can be read: it is too deep", str(path)) from error
    if twice is not None:
        keys, line = twice
        raise SettingsError(f"{_in_words(keys)} is said twice", f"{path}:{line}", "leave one of the two out")
    return data


# -- validating ------------------------------------------------------------------------------------------


def _validated(data: Any, file: str, lines: dict[Keys, int]) -> NetSettings:
    import pydantic

    data = _in_full(data)
    try:
        # By way of JSON, for only there lists are tuples and "1" is still no number.
        settings = _adapter().validate_json(json.dumps(data, default=str), strict=True)
    except (TypeError, RecursionError) as error:
        raise SettingsError(f"these are no settings: {error}", file, "give what JSON could say") from None
    except pydantic.ValidationError as error:
        errors = error.errors(include_url=False)
        if errors[0]["type"] == "json_invalid":
            raise SettingsError("these are no settings: they are too deep", file, "mend the file") from None
        problems = _problems(errors, data, file, lines)
        many = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        raise SettingsError(f"these are no settings: {many}", file, problems=problems) from None
    if file:
        _place(settings, file, (), lines)
        for kind in _SECTIONS:
            for address, section in getattr(settings, kind).items():
                _place(section, file, (kind, address), lines)
    return settings


def _in_full(data: Any) -> Any:
    """Write out what may be said in short: `restart = "always"`, `dead_letters = "failed.jsonl"`, `concurrency = 8`."""
    if not isinstance(data, Mapping):
        return data
    full = {key: _section_in_full(key, value) for key, value in data.items()}
    return {
        key: {address: _in_full(section) for address, section in value.items()}
        if key in _SECTIONS and isinstance(value, Mapping)
        else value
        for key, value in full.items()
    }


def _section_in_full(key: Any, value: Any) -> Any:
    if value == "never" and key in POLICIES and key != "restart":
        return None
    if value == "memory" and key == "dead_letters":
        return {"file": ""}
    kind, field = _SHORT.get(key, (None, ""))
    return {field: value} if kind is not None and type(value) is kind else value


def _adapter() -> TypeAdapter[NetSettings]:
    from pydantic import TypeAdapter

    return TypeAdapter(NetSettings)


def _place(section: Said, file: str, keys: Keys, lines: dict[Keys, int]) -> None:
    places = {name: Place(file, lines.get((*keys, name), 1)) for name in section.said()}
    object.__setattr__(section, "places", places)


def _problems(errors: list[Any], data: Any, file: str, lines: dict[Keys, int]) -> list[Problem]:
    """Return what is wrong, one problem for each value: a value that may be of several types has an error for each."""
    found: dict[Keys, list[Any]] = {}
    for error in errors:
        found.setdefault(_keys_in(data, error["loc"]), []).append(error)
    # Of a policy that may be a number, too, it is said besides that it is none.
    inside = {keys[:-1] for keys in found if len(keys) > 1 and keys[-2] in POLICIES}
    problems = [_problem(keys, those, file, lines) for keys, those in found.items() if keys not in inside]
    return sorted(problems, key=lambda problem: problem.place.line)


def _keys_in(data: Any, loc: tuple[Any, ...]) -> Keys:
    """Return what of the place of an error leads into the data; the rest names types."""
    keys: list[str | int] = []
    for each in loc:
        is_there = each in data if isinstance(data, dict) else isinstance(data, list) and type(each) is int
        if is_there:
            keys.append(each)
            data = data[each]
    return tuple(keys)


def _problem(keys: Keys, errors: list[Any], file: str, lines: dict[Keys, int]) -> Problem:
    first = errors[0]
    given = first.get("ctx", {}).get("error")
    if first["type"] == "unexpected_keyword_argument":
        what, hint = _unknown(keys, first["input"])
    elif isinstance(given, SettingsError):
        what, hint = given.what, given.hint
        keys = _keys_of(given.address, keys)
    else:
        wanted = [_wanted(each["msg"]) for each in errors]
        what, hint = f"it cannot be {shown(first['input'])}", f"it should be {', or '.join(dict.fromkeys(wanted))}"
        if first["type"] == "dataclass_type" and keys and keys[-1] in POLICIES:
            hint = _form_of(keys)
        if first["type"] in ("missing", "missing_argument"):
            what, hint = f"`{first['loc'][-1]}` is missing", f"say what `{first['loc'][-1]}` is"
    line = next((lines[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in lines), 1)
    return Problem(what, _in_words(keys), Place(file, line), hint)


def _keys_of(address: str, keys: Keys) -> Keys:
    """Return the way to what an error at this address is about, which was found where these keys lead."""
    kind, quote, of = address.partition('."')
    if quote:
        # Of a section as a whole the address is quoted: it has dots of its own.
        return (kind, of.removesuffix('"'))
    parts = kind.split(".")
    if keys and keys[-1] in POLICIES:
        # Said by the policy itself, which goes by the name of its class.
        return (*keys, *parts[1:])
    return (*keys, *(each for each in parts if each not in keys))


def _wanted(message: str) -> str:
    """Say what pydantic says that a value should be, in the words of these files."""
    said = message.removeprefix("Input should be ").removeprefix("Value error, ")
    return "a table" if said in ("an object", "a valid dictionary") else said


def _form_of(keys: Keys) -> str:
    """Say how a policy is said: as a table, or in short."""
    kind: Any = float if keys[-1] == "timeout" else _SHORT.get(keys[-1], (None, ""))[0]
    short = {int: "a whole number, or ", str: "a text, or ", float: "a number of seconds, or "}.get(kind, "")
    names = ", ".join(each.name for each in fields(_kind_around((*keys, ""))))
    return f"it should be {short}a table with some of: {names}"


def _unknown(keys: Keys, value: Any) -> tuple[str, str]:
    """Say of a name that is no setting which one was meant."""
    kind, name = _kind_around(keys), str(keys[-1])
    if kind in (NodeSettings, SubNetSettings) and isinstance(value, Mapping) and name not in POLICIES:
        address = ".".join(map(str, keys[1:]))
        return f"there is no setting {name!r}", f'an address with dots is one name, in quotes: {keys[0]}."{address}"'
    if kind is EdgeSettings and name in NodeSettings.__dataclass_fields__:
        return f"{name!r} is a setting of nodes", "say it of the node that the edge leads to, or comes from"
    if kind in _SECTIONS.values() and name in NetSettings.__dataclass_fields__:
        return f"{name!r} is a setting of the whole net", "say it at the beginning, outside the tables of nodes"
    if name in EDGE_SETTINGS:
        return f"{name!r} is a setting of edges", 'say it in the table of an edge: [edges."a.out->b.value"]'
    known = [each.name for each in fields(kind) if each.init]
    return f"there is no setting {name!r}", nearest(name, known, "the settings here")


def _kind_around(keys: Keys) -> Any:
    """Return the class of settings, or the policy, in which the last of these keys stands."""
    kind: Any = NetSettings
    rest = keys[:-1]
    if keys[0] in _SECTIONS:
        kind, rest = _SECTIONS[str(keys[0])], keys[2:-1]
    for key in rest:
        hint = get_type_hints(kind)[str(key)]
        # `End | None`: the policy is meant.
        kind = next((each for each in get_args(hint) if is_dataclass(each)), hint)
    return kind


def _in_words(keys: Keys) -> str:
    words = ""
    for key in keys:
        if isinstance(key, int):
            words += f"[{key}]"
        else:
            words += ("." if words else "") + (key if re.fullmatch(r"\w+", key) else f'"{key}"')
    return words

"""Values from the command line: text, read as what the graph wants."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fbcore.errors import ConfigError, InputError
from fbcore.model.graph import Graph
from fbcore.model.packet import Each
from fbcore.model.types import name_of, reader, reason
from fbdev.run.config_option import ConfigOption


def config_values(options: Iterable[ConfigOption], given: Mapping[str, str | bool]) -> dict[str, Any]:
    """Return the values for the configs that were given.

    Raises:
        ConfigError: a value does not fit its type, or a required one is missing; each names its option.
    """
    found: dict[str, Any] = {}
    for option in options:
        if option.name not in given:
            if option.required:
                hint = f"add {option.option} {option.metavar}"
                raise ConfigError("this config of the graph has no value and no default", option.option, hint)
            continue
        text = given[option.name]
        try:
            found[option.name] = text if isinstance(text, bool) else _fitting(text, option.kinds)
        except ValueError as error:
            wanted = " and ".join(name_of(kind) for kind in option.kinds)
            raise ConfigError(f"{text!r} is no {wanted}: {reason(error)}", option.option, "") from None
    return found


def _fitting(text: str, kinds: Sequence[Any]) -> Any:
    """Return the text if every port can read its value from it, else what it says as JSON."""
    candidates = list(_as_json(text))
    if Any in kinds:
        return next(iter(candidates), text)
    try:
        return _all_read(text, kinds)
    except ValueError:
        for candidate in candidates:
            return _all_read(candidate, kinds)
        raise


def _all_read(value: Any, kinds: Sequence[Any]) -> Any:
    for kind in kinds:
        reader(kind, strict=False)(value)
    return value


def _as_json(text: str) -> Iterator[Any]:
    try:
        yield json.loads(text)
    except ValueError:
        return


def input_values(graph: Graph, given: Sequence[str]) -> dict[str, Any]:
    """Return the values for the inputs of a graph from `NAME=VALUE`, or `NAME=@FILE` for the lines of a file.

    Raises:
        InputError: an input is unknown, given twice or missing, a value does not fit, or a file cannot be read.
    """
    known = graph.border("inputs")
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        address = f"--input {name}"
        if not equals:
            raise InputError("a name alone is no input", address, f"write --input {name}=VALUE")
        if name not in known:
            raise InputError("the graph has no such input", address, f"its inputs are: {', '.join(known) or 'none'}")
        if name in found:
            raise InputError("this input is given twice", address, f"for several values: --input {name}=@FILE")
        kinds = graph.input_types(name)
        found[name] = Each(_lines(value[1:], address, kinds)) if value[:1] == "@" else _read(value, kinds, address)
    for name in known:
        if name not in found:
            hint = f"add --input {name}=VALUE, or --input {name}=@FILE for the lines of a file"
            raise InputError("this input of the graph has no value", f"inputs.{name}", hint)
    return found


def _lines(file: str, address: str, kinds: Sequence[Any]) -> Iterator[Any]:
    try:
        Path(file).open(encoding="utf-8").close()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}", address) from error
    return _read_each(Path(file), address, kinds)


def _read_each(file: Path, address: str, kinds: Sequence[Any]) -> Iterator[Any]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            yield _read(line.removesuffix("\n"), kinds, address, f"line {number} of {file}: ")


def _read(text: str, kinds: Sequence[Any], address: str, where: str = "") -> Any:
    """Return the value that a text stands for at an input: inputs take no text for a number, so it is read here."""
    kind = kinds[0]
    try:
        value = _fitting(text, kinds)
        return reader(kind, strict=False)(value)
    except ValueError as error:
        raise InputError(f"{where}{text!r} is no {name_of(kind)}: {reason(error)}", address) from None

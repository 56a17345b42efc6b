"""On which line of a TOML or JSON file each key stands, which their readers do not tell."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

Keys = tuple[str | int, ...]
"""The way to a value: keys of tables and numbers in lists."""


def lines_of_toml(text: str) -> dict[Keys, int]:
    """Return the line of each key in a TOML text, which is right as a whole.

    The text is read again, line by line, and a key is where it is first understood. What begins with a table is
    read by itself, so that long files take no longer than their longest table.
    """
    found: dict[Keys, int] = {}
    part: list[str] = []
    begin = 1
    for number, line in enumerate(text.splitlines(), 1):
        if begin == number and line.lstrip().startswith("["):
            part = []
        part.append(line)
        try:
            data = tomllib.loads("\n".join(part))
        except tomllib.TOMLDecodeError:
            # In the middle of a value of several lines.
            continue
        for keys in _keys(data, ()):
            found.setdefault(keys, begin)
        begin = number + 1
    return found


def _keys(data: Any, at: Keys) -> Iterator[Keys]:
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inside:
        yield (*at, key)
        yield from _keys(value, (*at, key))


def lines_of_json(text: str) -> dict[Keys, int]:
    """Return the line of each key in a JSON text, which is right as a whole."""
    found: dict[Keys, int] = {}
    _read(text, _after_space(text, 0), (), found, {})
    return found


def first_said_twice(text: str) -> tuple[Keys, int] | None:
    """Return the first key of a JSON text that stands there for the second time, with its line; None if none does."""
    twice: dict[Keys, int] = {}
    _read(text, _after_space(text, 0), (), {}, twice)
    return next(iter(twice.items()), None)


def _read(text: str, at: int, keys: Keys, found: dict[Keys, int], twice: dict[Keys, int]) -> int:
    """Note the keys in the value that begins here, and return where it ends; what is there again goes to `twice`."""
    opening = text[at]
    if opening not in "{[":
        return json.JSONDecoder().raw_decode(text, at)[1]
    number = 0
    at = _after_space(text, at + 1)
    while text[at] not in "}]":
        key: str | int = number
        begin = at
        if opening == "{":
            key, at = json.JSONDecoder().raw_decode(text, at)
            at = _after_space(text, _after_space(text, at) + 1)
        here = (*keys, key)
        (twice if here in found else found)[here] = text.count("\n", 0, begin) + 1
        at = _after_space(text, _read(text, at, here, found, twice))
        if text[at] == ",":
            at = _after_space(text, at + 1)
        number += 1
    return at + 1


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at

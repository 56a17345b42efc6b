"""Values as lines of JSON, as they go to a process and come from it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from fbcore.errors import InputError, shown

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream

LONGEST_LINE = 100_000_000
"""Bytes in a line; what is longer is taken for no JSON before it fills the memory."""


async def lines_of(stream: ByteReceiveStream | None, *, cut: int = 0) -> AsyncGenerator[bytes, None]:
    """Yield the lines of a stream without their ends, the last one even if nothing ends it.

    With `cut`, a line that is longer than so many bytes comes in parts.

    Raises:
        InputError: a line has no end.
    """
    parts: list[bytes] = []
    size = 0
    assert stream is not None
    async for chunk in stream:
        first, *rest = chunk.split(b"\n")
        parts.append(first)
        size += len(first)
        if cut and size > cut:
            yield b"".join(parts)
            parts, size = [], 0
        elif size > LONGEST_LINE:
            raise InputError(f"a line is longer than {LONGEST_LINE:,} bytes", hint="write a line for each value")
        if rest:
            yield b"".join(parts)
            for line in rest[:-1]:
                yield line
            parts = [rest[-1]]
            size = len(rest[-1])
    if size:
        yield b"".join(parts)


def to_line(value: Any, address: str) -> bytes:
    """Write a value as a line of JSON, in ASCII, with its end.

    A tuple becomes a list.

    Raises:
        InputError: the value, or one in it, is nothing that JSON has.
    """
    return f"{to_json(value, address)}\n".encode("ascii")


def to_json(value: Any, address: str) -> str:
    """Write a value as JSON on one line.

    Raises:
        InputError: the value, or one in it, is nothing that JSON has.
    """
    try:
        text = json.dumps(value, allow_nan=False)
        why = next(_strange_keys(value), "")
    except (TypeError, ValueError, RecursionError) as error:
        text, why = "", str(error)
    if why:
        hint = "put a component between that makes dicts, lists, texts and numbers of it"
        raise InputError(f"{address}: JSON cannot carry {shown(value)}: {why}", hint=hint)
    return text


def _strange_keys(value: Any) -> Iterator[str]:
    """Name the keys that `json` would turn into texts without a word, so that another value came back."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                yield f"{shown(key)} is a key, and keys are texts"
            yield from _strange_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strange_keys(inner)


def from_line(line: bytes, number: int) -> Any:
    """Read the value on a line of the output of a process.

    Raises:
        InputError: it is no JSON; the error names the line.
    """
    try:
        return json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        why = f"byte 0x{error.object[error.start]:02x} is no UTF-8" if isinstance(error, UnicodeDecodeError) else error
        hint = "write one JSON value a line to standard output, and what is for people to standard error"
        raise InputError(f"line {number} of its output is no JSON: {shown(line)}: {why}", hint=hint) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")

"""Reading lines as fast as somebody takes them, without holding up the loop while none is there."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO

_CHUNK = 65536
"""Bytes that are read at once from a pipe: as many as one holds."""


def lines_of(file: BinaryIO, *, at_once: bool = False) -> Iterator[bytes] | AsyncIterator[bytes]:
    """Return the lines of an open file, without their ends.

    An ordinary file is just read, for it keeps nobody waiting; a pipe or a terminal is waited for, unless all is to
    be read `at_once`, holding up everybody else.
    """
    if at_once or stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return (line.rstrip(b"\r\n") for line in file)
    return _lines_that_come(file.fileno())


async def _lines_that_come(descriptor: int) -> AsyncIterator[bytes]:
    """Yield lines as they come; the last one may lack its end."""
    rest = b""
    while chunk := await _read(descriptor):
        first, *others = chunk.split(b"\n")
        if others:
            yield (rest + first).removesuffix(b"\r")
            *whole, rest = others
            for line in whole:
                yield line.removesuffix(b"\r")
        else:
            rest += first
    if rest:
        yield rest.removesuffix(b"\r")


async def _read(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    try:
        loop.add_reader(descriptor, readable.set)
    except (PermissionError, NotImplementedError):
        # What cannot be waited for (a device such as /dev/null, or any file on Windows) is read at once.
        return os.read(descriptor, _CHUNK)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, _CHUNK)

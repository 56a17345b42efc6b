"""Knowing that nobody reads our output any more, as when it goes to `head`."""

import os
import select
import sys
from typing import TextIO


def is_reader_gone() -> bool:
    """Say whether standard output is a pipe whose other end is closed."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    try:
        poll.register(sys.__stdout__.fileno() if sys.__stdout__ else -1, 0)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return False


def give_up_output(stream: TextIO | None = None) -> None:
    """Let a stream, standard output unless given, go nowhere, so that what is still to be written can be flushed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, (stream or sys.stdout).fileno())
    os.close(nowhere)


def settle_output() -> None:
    """Write out what is still to be written, or give it up, as on a full disk, where Python would fail at its exit."""
    try:
        sys.stdout.flush()
    except OSError:
        give_up_output()

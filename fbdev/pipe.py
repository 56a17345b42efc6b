"""Knowing that nobody reads our output any more, as when it goes to `head`."""

import os
import select
import sys


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


def give_up_output() -> None:
    """Let standard output go nowhere, so that Python, too, can flush it when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def settle_output() -> None:
    """Write out what is still to be written, or give it up, as on a full disk, where Python would fail at its exit."""
    try:
        sys.stdout.flush()
    except OSError:
        give_up_output()

"""The command line, up to where it is interrupted; what it does is in `fbdev.commands`, which takes time to load."""

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say (those of the process, unless given) and return the exit code.

    0: the net finished, or was quiescent, or a check found no errors; 1: it failed, or there are errors; 2: wrong
    usage, which includes a file without a graph, a graph that cannot run and a config that does not fit; 3: starved;
    4: deadlocked; 5: stopped, or interrupted.
    """
    try:
        with _handled(signal.SIGTERM, signal.default_int_handler, instead_of=signal.SIG_DFL):
            from fbdev.commands import obey

            return obey(arguments)
    except KeyboardInterrupt:
        # Who presses Ctrl-C once more has no need of a traceback.
        with _handled(signal.SIGINT, signal.SIG_IGN, instead_of=signal.default_int_handler):
            return _say_so()


def _say_so() -> int:
    from fbdev.complaint import say
    from fbdev.exit_code import ExitCode

    # A terminal has written ^C, and no line of ours should go on there.
    say("\ninterrupted" if sys.stderr.isatty() else "interrupted")
    return ExitCode.STOPPED


@contextmanager
def _handled(kind: signal.Signals, handler: Any, *, instead_of: Any) -> Iterator[None]:
    """Handle a signal while the block runs; only in the main thread, and only when nobody else does already."""
    is_ours = threading.current_thread() is threading.main_thread() and signal.getsignal(kind) == instead_of
    if is_ours:
        signal.signal(kind, handler)
    try:
        yield
    finally:
        if is_ours:
            signal.signal(kind, instead_of)

"""The exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fbcore.net.report import Outcome


class ExitCode(IntEnum):
    """What the process tells the shell.

    Of `fbdev run`: how the net ended. Of `fbdev check`: GOOD when nothing keeps a net from running, be there warnings
    or not; FAILED when something does, or with `--strict` when there is a warning. Of `fbdev explore`: GOOD when every
    order of steps ends well, UNPROVEN when that is not known, else how the net can end. Of all commands: USAGE.
    """

    GOOD = 0
    FAILED = 1
    USAGE = 2
    STARVED = 3
    DEADLOCKED = 4
    STOPPED = 5
    UNPROVEN = 6


def exit_code_of(outcome: Outcome) -> ExitCode:
    """Return the exit code for the way a net ended."""
    return ExitCode.GOOD if outcome.is_good else ExitCode[outcome.name]

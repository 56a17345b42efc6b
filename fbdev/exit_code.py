"""The exit codes of the command line."""

from enum import IntEnum

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


_OF_OUTCOME = {
    Outcome.FINISHED: ExitCode.GOOD,
    Outcome.QUIESCENT: ExitCode.GOOD,
    Outcome.FAILED: ExitCode.FAILED,
    Outcome.STARVED: ExitCode.STARVED,
    Outcome.DEADLOCKED: ExitCode.DEADLOCKED,
    Outcome.STOPPED: ExitCode.STOPPED,
}


def exit_code_of(outcome: Outcome) -> ExitCode:
    """Return the exit code for the way a net ended."""
    return _OF_OUTCOME[outcome]

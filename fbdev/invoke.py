"""Running a command of typer's, without its own ideas about signals, closed pipes and errors."""

from collections.abc import Sequence
from typing import Any

import typer


def invoke(command: Any, name: str, arguments: Sequence[str]) -> int:
    """Parse the arguments, do what the command does, and return its exit code; `name` is what help calls it.

    Whatever goes wrong is raised, wrong usage included.
    """
    _tidy(command)
    try:
        with command.make_context(name, list(arguments)) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as done:
        return done.exit_code


def _tidy(command: Any) -> None:
    """Keep help from giving flags a type: `--help <bool>` has nobody ever typed."""
    flags = [each for each in command.params if getattr(each, "is_flag", False) and not each.metavar]
    for flag in (*flags, command.get_help_option(command.context_class(command))):
        if flag is not None:
            flag.metavar = ""
    for each in getattr(command, "commands", {}).values():
        _tidy(each)

"""Running a command of typer's, without its own ideas about signals, closed pipes and errors."""

from collections.abc import Sequence
from typing import Any

import typer


def invoke(command: Any, name: str, arguments: Sequence[str]) -> int:
    """Parse the arguments, do what the command does, and return its exit code; `name` is what help calls it.

    Whatever goes wrong is raised, wrong usage included.
    """
    try:
        with command.make_context(name, list(arguments)) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as done:
        return done.exit_code

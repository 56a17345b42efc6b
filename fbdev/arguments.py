"""What several commands take, declared to typer: files, and numbers of seconds."""

from math import isfinite
from typing import Annotated, Any

import typer


def _targets(incomplete: str) -> list[str]:
    from fbdev.complete.targets import targets

    return targets(incomplete)


FileArgument = Annotated[
    str, typer.Argument(metavar="FILE[:name]", help="Python file, and a name in it.", autocompletion=_targets)
]
"""The file that a command works on."""


def time_option(help: str, *names: str) -> Any:
    """Declare an option that takes a number of seconds; without names it is called like its variable."""
    return typer.Option(*names, parser=_seconds, metavar="SECONDS", help=help, show_default=False)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if seconds < 0 or not isfinite(seconds):
        raise typer.BadParameter(f"{text} is no number of seconds")
    return seconds


def named_file(context: typer.Context, param: typer.CallbackParam, value: str) -> str:
    """Refuse "" as the name of a file: so an unset variable of a shell looks, and whoever wants none leaves it away."""
    source = context.get_parameter_source(str(param.name))
    if value == "" and source is not None and source.name == "COMMANDLINE":
        raise typer.BadParameter('"" names no file; leave the option away for none')
    return value

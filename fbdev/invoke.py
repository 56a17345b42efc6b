"""Running a command of typer's, without its own ideas about signals, closed pipes, errors, and plain texts."""

from collections.abc import Callable, Sequence
from functools import partial
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
    """Keep help from giving flags a type, for `--help <bool>` has nobody ever typed; and plain words from pydantic."""
    parameters = [*command.params, command.get_help_option(command.context_class(command))]
    for each in filter(None, parameters):
        if getattr(each, "is_flag", False) and not each.metavar:
            each.metavar = ""
        if hasattr(each, "type_descriptor"):
            each.process_value = partial(_processed, each, each.process_value)
    for each in getattr(command, "commands", {}).values():
        _tidy(each)


def _processed(parameter: Any, process: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    """Return what a word of the command line means; typer's own `process` finds that, where it is not plain.

    That has pydantic convert the word, from typer 0.26 on, and also texts, and what was not given: to load pydantic
    takes longer than most commands.
    """
    if not _is_plain(parameter, value):
        return process(context, value)
    return value if parameter.callback is None else parameter.callback(context, parameter, value)


def _is_plain(parameter: Any, value: Any) -> bool:
    """Say whether a value is what the command wants as it is: a text, texts, or the default."""
    described = parameter.type_descriptor
    wanted = described.annotation if described.parameter_info.parser is None else None
    if parameter.multiple or parameter.nargs != 1:
        are_texts = isinstance(value, list | tuple) and all(type(each) is str for each in value)
        return wanted == list[str] and are_texts and not parameter.required
    if value is None:
        return not parameter.required
    return value is parameter.default or (wanted is str and type(value) is str)

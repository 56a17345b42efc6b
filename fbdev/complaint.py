"""Telling people on standard error what is wrong: what, where, and how to mend it, without a traceback."""

import re
import sys
import traceback
from pathlib import Path

from fbdev.colour import coloured

_LONGEST = 500
"""Characters of a line that are shown."""

_UNSEEN = r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
"""What a terminal obeys instead of showing it, what turns the text around it, and what no encoding has."""

_ANY = rf"{_UNSEEN}|\x1b"
_BUT_COLOURS = rf"{_UNSEEN}|\x1b(?!\[[\d;]*m)"


def complain(error: BaseException, *, debug: bool = False) -> None:
    """Print an error in a line or two; with `debug` its traceback, unless it is about the arguments."""
    if debug and not is_usage(error):
        say("".join(traceback.format_exception(error)))
    else:
        say(f"{coloured('error:', 'red')} {_what(error)}")


def warn(text: str) -> None:
    """Print something that a person should know, though nothing is wrong yet."""
    say(f"{coloured('notice:', 'yellow')} {text}")


def say(text: str) -> None:
    """Print lines to standard error, with paths as short as they go; a reader that has gone is no error."""
    # A colour may be ours; nothing else that an error says is to be obeyed.
    whole = (seen(line, _BUT_COLOURS) for line in near(text).splitlines())
    lines = [line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..." for line in whole]
    try:
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        pass


def is_usage(error: BaseException) -> bool:
    """Say whether an error is typer's, about the arguments."""
    return hasattr(error, "format_message")


def _what(error: BaseException) -> str:
    from fbcore.errors import FlowError

    if isinstance(error, FlowError):
        return str(error)
    if is_usage(error):
        name = getattr(getattr(error, "ctx", None), "command_path", "fbdev")
        return f"{error.format_message()}\n  hint: `{name} --help` shows how it is used"  # type: ignore[attr-defined]
    return f"{type(error).__name__}: {error}\n  hint: --debug shows where"


def seen(text: str, unseen: str = _ANY) -> str:
    r"""Return a text with what cannot be seen as Python writes it: an escape code as `\x1b`."""
    return re.sub(unseen, lambda found: ascii(found[0])[1:-1], text)


def near(text: str) -> str:
    """Write files in the current folder without the folder."""
    if "/" not in text:
        return text
    try:
        return text.replace(f"{Path.cwd()}/", "")
    except OSError:
        return text

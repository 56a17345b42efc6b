"""Answering a shell that asks how a word may go on; typer's scripts ask, and typer answers, but for two things."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stdout
from typing import Any

_VARIABLE = "_FBDEV_COMPLETE"

_BREAKS = "=:@"
"""Where bash breaks words, besides blanks: what it hands over in pieces is one word to us."""

_FORGOTTEN = "=:"
"""The breaks up to which bash wants nothing back; an @ it takes for the beginning of a word."""


def is_asked() -> bool:
    """Say whether it is a shell that has started the program, to ask."""
    return _VARIABLE in os.environ


def answer(command: Any) -> int:
    """Print how the word may go on, or the script that makes the shell ask, and return the exit code."""
    is_bash = os.environ[_VARIABLE] == "complete_bash"
    known = _join_words() if is_bash else ""
    printed = io.StringIO()
    code = 0
    try:
        with redirect_stdout(printed):
            command(prog_name="fbdev", complete_var=_VARIABLE)
    except SystemExit as end:
        code = int(end.code or 0)
    lines = printed.getvalue().splitlines()
    sys.stdout.writelines(f"{line.removeprefix(known)}\n" for line in lines)
    return code


def _join_words() -> str:
    """Join what bash has broken, in its variables, and return the part of the last word that it knows already."""
    words, position = os.environ["COMP_WORDS"].split("\n"), int(os.environ["COMP_CWORD"])
    words = words[: position + 1]
    joined: list[str] = []
    glue = False
    for word in words:
        is_break = bool(word) and not word.strip(_BREAKS)
        if joined and (glue or (is_break and len(joined) > 1)):
            joined[-1] += word
        else:
            joined.append(word)
        glue = is_break and len(joined) > 1
    os.environ["COMP_WORDS"] = "\n".join(joined)
    os.environ["COMP_CWORD"] = str(len(joined) - 1)
    last = joined[-1]
    return last[: max(last.rfind(each) for each in _FORGOTTEN) + 1]

"""What long explorations need on the command line: how to search, how to go on, and somewhere to print to."""

import io
import shlex
from collections.abc import Sequence
from typing import Any

import typer

from fbdev.explore.budget import Budget
from fbdev.explore.options import SEARCHES, ExploreOptions
from fbdev.run.options import takes_value

_NOT_AGAIN = ("--keep", "--continue", "--search", "--seed", "--samples", "--json", "--output", "-o", "--save")
"""Options that are not given again when an exploration goes on: the file knows them, or takes their place."""


def budget_of(options: ExploreOptions) -> Budget:
    """Return what the options allow to spend."""
    memory = {} if options.memory is None else {"memory": int(options.memory * 1_000_000)}
    return Budget(executions=options.executions, seconds=options.time_limit, **memory)


def how(options: ExploreOptions) -> dict[str, Any]:
    """Return what the options say of the search, for `explore`; what they do not say is left out."""
    if options.search not in (None, *SEARCHES):
        what = f"there is no search {options.search}; there are {', '.join(SEARCHES)}"
        raise typer.BadParameter(what, param_hint="--search")
    said = {
        "search": options.search,
        "samples": options.samples,
        "seed": options.seed,
        "keep": options.keep,
        "continues": options.continues,
    }
    return {"audit": options.audit, "cores": options.cores} | {
        name: value for name, value in said.items() if value is not None
    }


def going_on(arguments: Sequence[str], kept: str) -> str:
    """Return the command that goes on: with the inputs and configs that were given, and the file that was kept."""
    words, result = iter(arguments), []
    for word in words:
        option, equals, _ = word.partition("=")
        if option in _NOT_AGAIN:
            if not equals and (takes_value(option) or option == "-o"):
                next(words, None)
        else:
            result.append(word)
    return shlex.join(["fbdev", "explore", *result, "--continue", kept])


class Nobody(io.TextIOBase):
    """Takes what is written, and forgets it: what components print a million times would fill the memory."""

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Forget a text."""
        return len(text)

"""Functions of users that are asked for an answer: one that is a coroutine gives none."""

from __future__ import annotations

import inspect
from typing import Any

AT_ONCE = "write it with `def`, not `async def`: it is asked and answers at once"
"""How such a function is mended."""


def answers_later(function: Any) -> bool:
    """Say whether what a function returns is a coroutine, which is true whatever comes of it.

    Example:
        from fbcore.model.answers import answers_later

        async def is_well(node):
            return False

        print(answers_later(is_well), answers_later(len))
        #> True False
    """
    called = inspect.getattr_static(type(function), "__call__", None)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)

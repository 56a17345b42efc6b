"""Asking what somebody has written for a decision of an orchestrator; what goes wrong there has an address."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fbcore.errors import FlowError, SettingsError, shown
from fbcore.net.failure import place_of


def asked(name: str, decide: Callable[[Any], Any], about: Any, address: str) -> Any:
    """Return what a decision is: what `decide` says about a node, an edge or a failure, at this address.

    Raises:
        SettingsError: it raised something else than an error of this package, or is a coroutine.
    """
    try:
        return at_once(name, decide(about), address)
    except FlowError:
        raise
    except Exception as error:
        what = f"`{name}` raised {type(error).__name__}: {error}{place_of(error)}"
        raise SettingsError(what, address, f"mend `{name}`, which takes one argument") from error


def at_once(name: str, answer: Any, address: str) -> Any:
    """Return an answer, which is no coroutine.

    Raises:
        SettingsError: it is one.
    """
    if inspect.iscoroutine(answer):
        answer.close()
        raise SettingsError(f"`{name}` is asked and answers at once", address, "write it with `def`, not `async def`")
    return answer


def check_decision(name: str, decide: object) -> None:
    """Refuse what cannot be asked for a decision."""
    if not callable(decide):
        raise SettingsError(f"{shown(decide)} decides nothing", name, f"give a function: Orchestrator({name}=...)")

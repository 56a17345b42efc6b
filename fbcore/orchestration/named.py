"""What settings name in words: functions and classes, as `package.module.name`."""

from __future__ import annotations

import builtins
from importlib import import_module
from typing import Any

from fbcore.errors import SettingsError, shown


def named(name: str) -> Any:
    """Return what a name means; None where it means nothing."""
    module, _, last = name.rpartition(".")
    if not module:
        return getattr(builtins, name, None)
    try:
        return getattr(import_module(module), last, None)
    except Exception:
        # Whatever happens in a module that is not there, or cannot be imported.
        return None


def errors_named(given: Any, address: str) -> tuple[type[Exception], ...]:
    """Return classes of errors: one or several, of which some are named, `ValueError` or `package.module.Name`.

    Raises:
        SettingsError: one of them is none.
    """
    found = []
    for each in given if isinstance(given, tuple | list) else (given,):
        kind = named(each) if isinstance(each, str) else each
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            hint = "name classes of errors: ValueError, or package.module.Name"
            raise SettingsError(f"{shown(each)} is no class of errors", address, hint)
        found.append(kind)
    return tuple(found)


def is_one_of(error: BaseException, kinds: Any) -> bool:
    """Say whether an error is of one of these classes; of a group of errors each has to be."""
    if isinstance(error, ExceptionGroup) and not isinstance(error, kinds):
        return all(is_one_of(each, kinds) for each in error.exceptions)
    return isinstance(error, kinds)

"""A failing case as a test that can be pasted into a file."""

from __future__ import annotations

from typing import Any

from fbdev.explore.failure import Failure
from fbdev.explore.program import Program
from fbdev.explore.token import token_of


def case_text(program: Program, failure: Failure) -> str:
    """Write a pytest function that makes the failing execution again, and then tries every order."""
    options = {"invariant": program.invariant, "at_end": program.at_end, "sentinel": program.sentinel}
    named = {option: value for option, value in options.items() if value is not None}
    imports = sorted({line for value in (program.factory, *named.values()) for line in _import(value)})
    given = "".join(f", {option}={_name(value, option)}" for option, value in named.items())
    factory = _name(program.factory, "factory")
    what = " ".join(failure.what.split()).replace("\\", "\\\\").replace('"""', "'''")
    return "\n".join(
        [
            "from fbdev.explore import explore, replay",
            *imports,
            "",
            "",
            f"def test_no_{failure.kind}_under_any_order():",
            f'    """There was: {what}"""',
            f"    again = replay({factory}, {token_of(failure.schedule, failure.labels)!r}{given})",
            "    assert again.failure is None, again",
            f"    explore({factory}{given}).assert_holds()",
            "",
        ]
    )


def _is_importable(value: Any) -> bool:
    return value.__qualname__.isidentifier() if hasattr(value, "__qualname__") else False


def _name(value: Any, otherwise: str) -> str:
    return str(value.__qualname__) if _is_importable(value) else otherwise


def _import(value: Any) -> list[str]:
    if _is_importable(value):
        return [f"from {value.__module__} import {value.__qualname__}"]
    return [f"# {getattr(value, '__qualname__', repr(value))} cannot be imported: give it a name in a module"]

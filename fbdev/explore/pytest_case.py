"""A failing case as a test that can be pasted into a file."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fbcore.model.graph import Graph
from fbcore.model.packet import Each
from fbdev.explore.failure import Failure
from fbdev.explore.net_scene import GOOD, NetScene
from fbdev.explore.program import Program
from fbdev.explore.token import token_of


def case_text(program: Program, failure: Failure) -> str:
    """Write a pytest function that makes the failing execution again, and then tries every order."""
    page = _Page()
    options = {"invariant": program.invariant, "at_end": program.at_end, "sentinel": program.sentinel}
    named = {option: value for option, value in options.items() if value is not None}
    factory = page.name(program.factory, "factory")
    given = "".join(f", {option}={page.name(value, option)}" for option, value in named.items())
    allowed = ", ".join(page.name(kind, "allowed") for kind in program.allowed)
    given += f", allowed=({allowed},)" if allowed else ""
    return "\n".join(
        [
            "from fbdev.explore import " + ", ".join(sorted({"explore", "replay", *page.ours})),
            *sorted(page.imports),
            *page.missing,
            "",
            "",
            f"def test_no_{failure.kind}_under_any_order():",
            f'    """There was: {_what(failure)}"""',
            f"    again = replay({factory}, {token_of(failure.schedule, failure.labels)!r}{given})",
            "    assert again.failure is None, again",
            f"    explore({factory}{given}).assert_holds()",
            "",
        ]
    )


def case_beside(function: Callable[..., Any], failure: Failure, values: Mapping[str, Any]) -> str:
    """Write a pytest function that makes the failing execution of a test that explores again; it stands beside it.

    `values` are the arguments that are no fixtures.
    """
    name = function.__name__
    names = list(inspect.signature(function).parameters)
    is_method = names[:1] == ["self"]
    fixtures = [each for each in names[is_method:] if each not in values]
    passed = [f"{each}={each}" for each in fixtures]
    lines = [f"# beside {name}, in {Path(function.__code__.co_filename).name}"]
    for each in (each for each in names if each in values):
        if _is_literal(values[each]):
            passed.append(f"{each}={values[each]!r}")
        else:
            passed.append(f"{each}={each}")
            lines.append(f"# {each} was {' '.join(repr(values[each]).split())}: write it as code")
    taken = ", ".join((["self"] if is_method else []) + fixtures)
    token = repr(token_of(failure.schedule, failure.labels))
    given = ", ".join([token, *(["self"] if is_method else []), *passed])
    lines += [
        f"def {name}_without_{failure.kind}({taken}):",
        f'    """There was: {_what(failure)}"""',
        f"    again = {'self.' if is_method else ''}{name}.replay({given})",
        "    assert again.failure is None, again",
        "",
    ]
    return "\n".join(f"    {line}" if is_method and line else line for line in lines)


def _what(failure: Failure) -> str:
    return " ".join(failure.what.split()).replace("\\", "\\\\").replace('"', "'")


class _Page:
    """What the head of a file must have for the names that are used in it."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.missing: list[str] = []
        self.ours: set[str] = set()

    def name(self, value: Any, otherwise: str) -> str:
        """Write a value so that it can stand in the file: by a name that is imported, or as code that makes it."""
        found = _place(value)
        if found is not None:
            module, name = found
            if module == "builtins":
                return name
            self.imports.add(f"from {module} import {name}")
            return name
        if isinstance(value, NetScene):
            return self._scene(value)
        called = getattr(value, "__qualname__", None) or type(value).__qualname__
        self.missing.append(f"{otherwise} = ...  # {called} cannot be imported: give it a name in a module")
        return otherwise

    def _scene(self, scene: NetScene) -> str:
        """Write the call that makes a scene."""
        self.ours.add("NetScene")
        given = [self.name(scene.graph, "graph")]
        for option in ("inputs", "configs"):
            values = {name: self._value(each) for name, each in getattr(scene, option).items()}
            if values:
                inside = ", ".join(f"{name!r}: {text}" for name, text in values.items())
                given.append(f"{option}={{{inside}}}")
        if tuple(scene.allowed) != GOOD:
            given.append(f"allowed={[str(each) for each in scene.allowed]!r}")
        return f"NetScene({', '.join(given)})"

    def _value(self, value: Any) -> str:
        if _is_literal(value):
            return repr(value)
        if isinstance(value, Each) and (type(value.items) is range or _is_literal(value.items)):
            self.imports.add("from fbcore import Each")
            return f"Each({value.items!r})"
        return self.name(value, "value")


def _is_literal(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _place(value: Any) -> tuple[str, str] | None:
    """Return the module that a value can be imported from, and its name there."""
    name, home = getattr(value, "__qualname__", ""), getattr(value, "__module__", "")
    if isinstance(name, str) and name.isidentifier() and getattr(sys.modules.get(home), name, None) is value:
        return _importable(home), name
    if isinstance(value, NetScene | Graph):
        for home, module in list(sys.modules.items()):
            for name, each in list(getattr(module, "__dict__", {}).items()):
                if each is value and name.isidentifier() and not name.startswith("_"):
                    return _importable(home), name
    return None


def _importable(module: str) -> str:
    """Return the name by which others import a module: the script that runs is called by its file."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file).stem if module == "__main__" and file else module

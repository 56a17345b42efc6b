"""Fixtures of a test that explores: those of function scope are made anew for each execution.

They are made by pytest itself, as it would make them for the next test, and torn down before the next execution begins;
the last ones are left to pytest. What lives longer (of a class, a module, a session) is made once, and so are the
values of parameters. A net is made once as well, and may not take what is made anew. `tmp_path` stays where it is, and
is emptied: its name is a part of what processes know, and with another name every state would be a new one.

This rests on a few things that pytest keeps to itself; they are the same from pytest 8.2 on.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fbcore.runtimes.stepping import Stepping
from fbdev.explore.net_scene import NetScene
from fbdev.explore.words import ExploreError

_REFUSED = {
    "request": "take what you need of it in a fixture",
    "caplog": "let the test collect what it is to look at",
    "record_property": "what it records would be recorded in every execution",
    "record_xml_attribute": "what it records would be recorded in every execution",
    "stepped_loop": "a test that explores has a loop of its own; leave it out",
    "subtests": "every execution would report them; use parametrize",
}
"""Fixtures of pytest's and ours that cannot be made anew, and what to do instead."""

_IN_PYTEST = "_pytest."


def refusal(item: pytest.Function) -> str:
    """Say which fixture of a test cannot be made anew for each execution, and what to do; "" when all can."""
    taken = item._fixtureinfo.initialnames
    for name in taken:
        definition = _definition(item, name)
        is_theirs = definition is None or definition.func.__module__.startswith((_IN_PYTEST, "fbdev."))
        if name in _REFUSED and is_theirs:
            return f"the fixture {name} cannot be made anew for each execution: {_REFUSED[name]}"
    for name in item.fixturenames:
        definition = _definition(item, name)
        if definition is None or definition.scope != "function":
            continue
        if inspect.iscoroutinefunction(definition.func) or inspect.isasyncgenfunction(definition.func):
            mend = "make it a plain fixture, and await in the test; or give it a wider scope"
            return f"the fixture {name} is a coroutine, which cannot be made anew for each execution: {mend}"
    return ""


def _definition(item: pytest.Function, name: str) -> Any:
    found = item._fixtureinfo.name2fixturedefs.get(name)
    return found[-1] if found else None


class Fixtures:
    """The fixtures of one test, and the object that it is a method of."""

    def __init__(self, item: pytest.Function) -> None:
        self._item = item
        found = [each for name in item.fixturenames if (each := _definition(item, name)) is not None]
        self._kept = [each for each in found if each.scope != "function" or _is_kept(each)]
        self._has_own = len(self._kept) < len(found) or isinstance(item.parent, pytest.Class)
        self._folders = [each for each in self._kept if _is_folder(each)]

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the test."""
        return {name: self._item.funcargs[name] for name in self._item._fixtureinfo.argnames}

    def values(self) -> dict[str, Any]:
        """Return the arguments that are no fixtures, but parameters."""
        callspec = getattr(self._item, "callspec", None)
        params = callspec.params if callspec is not None else {}
        return {
            name: params[name] for name in self._item._fixtureinfo.argnames if _is_parameter(self._item, name, params)
        }

    def make_anew(self) -> Any:
        """Tear down what was made for the execution before, make it anew, and return the test function."""
        if self._has_own:
            self._tear_down()
        for definition in self._folders:
            _empty(definition.cached_result[0])
        item: Any = self._item
        if self._has_own:
            if isinstance(self._item.parent, pytest.Class):
                item._instance = item.parent.newinstance()
                item._obj = getattr(item._instance, item.originalname)
            item._initrequest()
            item._request._fillfixtures()
        return item.obj

    def net(self, scene: NetScene) -> NetScene:
        """Return a net that is begun with fixtures made anew.

        Raises:
            ExploreError: it may keep one, for it is made once itself.
        """
        for name in self._item._fixtureinfo.argnames:
            definition = _definition(self._item, name)
            if definition is not None and definition not in self._kept:
                what = f"the fixture {name} is made anew for each execution, and a net is made once and may keep it"
                raise ExploreError(what, "", "make it in the test, or give it a wider scope")
        return _FreshNet(scene, self.make_anew)

    def _tear_down(self) -> None:
        finalizers = self._item.session._setupstate.stack[self._item][0]
        # The first is the item's own end, which is pytest's to call.
        kept = [finalizers.pop(0)]
        try:
            while finalizers:
                finalizer = finalizers.pop()
                if _fixture_of(finalizer) in self._kept:
                    kept.insert(1, finalizer)
                else:
                    finalizer()
        finally:
            finalizers[:0] = kept
        # What lives longer was told to tear down first what needed it: that is done, and would be kept for ever.
        for definition in self._kept:
            rest = [each for each in definition._finalizers if not _is_done(each)]
            definition._finalizers[:] = rest


class _FreshNet(NetScene):
    """A net before each of whose executions something is done."""

    __slots__ = ("_before",)

    def __init__(self, scene: NetScene, before: Callable[[], object]) -> None:
        super().__init__(**{each.name: getattr(scene, each.name) for each in dataclasses.fields(scene) if each.init})
        self._before = before

    def begin(self, kind: type[Stepping] = Stepping) -> Stepping:
        """Begin it."""
        self._before()
        return super().begin(kind)


def _is_kept(definition: Any) -> bool:
    return _is_folder(definition) or definition.func.__name__ == "get_direct_param_fixture_func"


def _is_folder(definition: Any) -> bool:
    return definition.argname == "tmp_path" and bool(definition.func.__module__.startswith(_IN_PYTEST))


def _is_parameter(item: pytest.Function, name: str, params: dict[str, Any]) -> bool:
    definition = _definition(item, name)
    return name in params and (definition is None or _is_kept(definition))


def _fixture_of(finalizer: Callable[[], object]) -> Any:
    """Return the fixture that a finalizer finishes, or None."""
    for each in _parts(finalizer):
        if isinstance(each, pytest.FixtureDef):
            return each
    return None


def _parts(finalizer: Any) -> Iterator[Any]:
    if isinstance(finalizer, functools.partial):
        yield getattr(finalizer.func, "__self__", None)
    for cell in getattr(finalizer, "__closure__", None) or ():
        yield cell.cell_contents


def _is_done(finalizer: Callable[[], object]) -> bool:
    if not isinstance(finalizer, functools.partial):
        return False
    fixture = _fixture_of(finalizer)
    return fixture is not None and fixture.scope == "function" and fixture.cached_result is None


def _empty(folder: Any) -> None:
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()

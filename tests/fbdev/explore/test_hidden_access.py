"""What processes share in ways that are seldom thought of is a part of the state, and a race."""

from __future__ import annotations

import asyncio
import enum
import functools
import logging
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import pytest

from fbcore import Graph, component
from fbdev.explore import NetScene, VerdictKind, explore

Ways = tuple[Callable[[], Any], Callable[[Any], None]]

IN_CONTEXT: ContextVar[list[int]] = ContextVar("in_context")
BY_DEFAULT: ContextVar[list[int]] = ContextVar("by_default", default=[0])  # noqa: B039
LOG = logging.getLogger("tests.hidden_access")
TOTAL = [0]


@functools.cache
def box() -> list[int]:
    return [0]


@functools.lru_cache(maxsize=8)
def limited(number: int) -> list[int]:
    return [number]


class Colour(enum.Enum):
    RED = 1


class Above:
    count = 0


class Below(Above):
    pass


class Account:
    def get(self) -> int:
        return TOTAL[0]

    def put(self, value: int) -> None:
        TOTAL[0] = value


class Moody:
    """Have attributes that Python does not know of."""

    def __init__(self) -> None:
        object.__setattr__(self, "held", {"n": 0})

    def __getattr__(self, name: str) -> int:
        return int(self.held[name])

    def __setattr__(self, name: str, value: int) -> None:
        self.held[name] = value


class Shy(list[int]):
    """Show nothing of what it holds."""

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


class Whole(int):
    pass


def in_a_cache(cached: Any, *arguments: int) -> Ways:
    def put(value: int) -> None:
        cached(*arguments)[0] = value

    return lambda: cached(*arguments)[0], put


def in_an_attribute(thing: Any, name: str) -> Ways:
    setattr(thing, name, 0)
    return lambda: getattr(thing, name), lambda value: setattr(thing, name, value)


def in_a_variable(variable: ContextVar[list[int]]) -> Ways:
    def put(value: int) -> None:
        variable.get()[0] = value

    return lambda: variable.get()[0], put


def of_an_exception() -> Ways:
    error = ValueError()
    error.args = (0,)

    def put(value: int) -> None:
        error.__cause__ = KeyError(value)

    return lambda: error.__cause__.args[0] if error.__cause__ else 0, put


def of_the_environment() -> Ways:
    os.environ["HIDDEN_ACCESS"] = "0"

    def put(value: int) -> None:
        os.environ["HIDDEN_ACCESS"] = str(value)

    return lambda: int(os.environ["HIDDEN_ACCESS"]), put


def of_the_class_above() -> Ways:
    Above.count, below = 0, Below()

    def put(value: int) -> None:
        type(below).__mro__[1].count = value  # type: ignore[attr-defined]

    return lambda: below.count, put


def of_a_module_in_a_module() -> Ways:
    sys.modules["hidden_access.inner"].count = 0  # type: ignore[attr-defined]

    def put(value: int) -> None:
        import hidden_access.inner

        hidden_access.inner.count = value

    def get() -> int:
        import hidden_access.inner

        return int(hidden_access.inner.count)

    return get, put


def of_the_globals() -> Ways:
    globals()["SOMEWHERE"] = 0

    def put(value: int) -> None:
        globals()["SOMEWHERE"] = value

    return lambda: globals()["SOMEWHERE"], put


def of_methods() -> Ways:
    TOTAL[0] = 0
    account = Account()

    def get() -> int:
        return account.get()

    def put(value: int) -> None:
        account.put(value)

    return get, put


def of_a_list_that_shows_nothing() -> Ways:
    shy = Shy([0])
    return lambda: list.__getitem__(shy, 0), lambda value: list.__setitem__(shy, 0, value)


def of_a_context() -> Ways:
    IN_CONTEXT.set([0])
    return in_a_variable(IN_CONTEXT)


def by_default() -> Ways:
    BY_DEFAULT.get()[0] = 0
    return in_a_variable(BY_DEFAULT)


def of_an_object_with_attributes_of_its_own() -> Ways:
    moody = Moody()

    def put(value: int) -> None:
        moody.n = value

    return lambda: moody.n, put


WAYS: dict[str, Callable[[], Ways]] = {
    "cache": lambda: in_a_cache(box),
    "cache with a limit": lambda: in_a_cache(limited, 0),
    "member of an enum": lambda: in_an_attribute(Colour.RED, "extra"),
    "level of a logger": lambda: in_an_attribute(LOG, "level"),
    "number with attributes": lambda: in_an_attribute(Whole(), "n"),
    "attribute of a class": lambda: in_an_attribute(Above, "count"),
    "attribute of a function": lambda: in_an_attribute(lambda: None, "n"),
    **{way.__name__: way for way in (of_an_exception, of_the_environment, of_the_class_above, of_the_globals)},
    **{way.__name__: way for way in (of_a_module_in_a_module, of_methods, of_a_list_that_shows_nothing)},
    **{way.__name__: way for way in (of_a_context, by_default, of_an_object_with_attributes_of_its_own)},
}

NOT_BY_RACES = {"member of an enum", "level of a logger"}
"""Only states tell these."""


@pytest.fixture(autouse=True)
def _modules(monkeypatch: pytest.MonkeyPatch) -> None:
    outer, inner = ModuleType("hidden_access"), ModuleType("hidden_access.inner")
    outer.__file__ = inner.__file__ = __file__
    outer.__dict__["inner"] = inner
    monkeypatch.setitem(sys.modules, "hidden_access", outer)
    monkeypatch.setitem(sys.modules, "hidden_access.inner", inner)
    monkeypatch.setenv("HIDDEN_ACCESS", "0")


def is_met(end: int, way: Callable[[], Ways], *, is_async: bool = False, search: Any = "auto") -> bool:
    """Tell whether a search meets an end, of two processes the second of which goes on where the first has been."""

    def factory() -> dict[str, Any]:
        get, put = way()

        def step(seen: int, value: int) -> None:
            if get() == seen:
                put(value)

        def steps(seen: int, value: int) -> Any:
            yield "begun"
            step(seen, value)

        async def turns(seen: int, value: int) -> None:
            await asyncio.sleep(0)
            step(seen, value)

        make = turns if is_async else steps
        known.get = get
        return {"a": make(0, 1), "b": make(1, 2)}

    known = SimpleNamespace()
    return explore(factory, at_end=lambda _: known.get() != end, search=search).verdict.kind is VerdictKind.BUG


@pytest.mark.parametrize("is_async", [False, True], ids=["generators", "coroutines"])
@pytest.mark.parametrize("way", WAYS)
def test_what_is_shared_in_passing_tells_states_apart(way: str, is_async: bool) -> None:
    """Both ends are met, though processes stand where they stood, whatever it is that they share."""
    assert is_met(1, WAYS[way], is_async=is_async)
    assert is_met(2, WAYS[way], is_async=is_async)


@pytest.mark.parametrize("way", sorted(WAYS.keys() - NOT_BY_RACES))
def test_what_is_shared_in_passing_is_a_race(way: str) -> None:
    """Both orders are made, for nobody sees who uses what they share."""
    assert is_met(1, WAYS[way], search="races")
    assert is_met(2, WAYS[way], search="races")


@pytest.mark.parametrize("way", sorted(WAYS.keys() - {"level of a logger", "attribute of a class", "of_the_globals"}))
def test_nodes_that_share_in_passing_are_told_of_it(way: str) -> None:
    """Both ends are met of two nodes side by side."""
    get, put = WAYS[way]()

    def step(seen: int, value: int) -> int:
        if get() == seen:
            put(value)
        return get()

    @component
    def first() -> int:
        return step(0, 1)

    @component
    def second() -> int:
        return step(1, 2)

    graph = Graph("two")
    for node in (graph.add(first), graph.add(second)):
        node.out >> graph.outputs.out
    result = explore(NetScene(graph), budget=60)
    assert not result.failures, str(result)
    assert {end["outputs.out"] for end in result.ends} == {"[0, 1]", "[1, 2]", "[1, 0]", "[2, 1]"}


def test_a_cache_begins_empty_in_each_execution() -> None:
    """What it remembers of another execution makes no difference to one."""

    def factory() -> dict[str, Any]:
        asked = []

        def ask(name: str) -> Any:
            yield "begun"
            asked.append(name)
            return limited(len(asked))

        return {"a": ask("a"), "b": ask("b")}

    result = explore(factory)
    assert result.verdict.kind is VerdictKind.HOLDS, str(result)
    assert result.executions > 1


def test_classes_that_a_factory_makes_are_the_same_in_each_execution() -> None:
    """Those with methods, dataclasses, named tuples, enums and exceptions: what is written there is the same."""

    def factory() -> dict[str, Any]:
        limit = 3

        class Below(Above):
            kept: ClassVar[list[int]] = []

            def add(self, value: int) -> None:
                self.kept.append(min(value, limit))

        @dataclass
        class Point:
            x: int

        class Pair(NamedTuple):
            left: Point
            colour: enum.Enum

        class FullError(Exception):
            pass

        below, colours = Below(), enum.Enum("colours", ["RED", "BLUE"])

        def steps(value: int) -> Any:
            pair = Pair(Point(value), colours["RED"])
            yield "begun"
            below.add(pair.left.x)
            yield "added"
            if len(below.kept) == 2:
                raise FullError

        return {"a": steps(1), "b": steps(5)}

    result = explore(factory, allowed=(Exception,))
    assert result.verdict.kind is VerdictKind.HOLDS, str(result)
    assert result.search == "states"
    assert len(result.ends) == 3

"""What the code of a component can reach besides its ports: a walk over objects, through closures and globals."""

from __future__ import annotations

import dis
import gc
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from contextvars import ContextVar, copy_context
from functools import lru_cache
from itertools import pairwise
from types import AsyncGeneratorType, CodeType, CoroutineType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any
from weakref import ReferenceType

from fbcore.model.function import FunctionComponent
from fbcore.net.firing import Firing
from fbdev.explore.named import INDIRECT, Named, data_in_module, global_data, is_installed, names_in, stored_in
from fbdev.explore.places import ATTRIBUTES, Place, data_of, is_foreign, is_of_user, kind_of
from fbdev.explore.reading import is_of_text, methods_of
from fbdev.explore.reading_rare import value_in
from fbdev.explore.surroundings import asks_the_time

MOST = 20_000
"""Objects that one walk goes through; whoever reaches more has a part that nobody looked at."""

_LEADING_ON = (FunctionComponent, ModuleType, ContextVar, ReferenceType)
"""What nobody can change, but may find something in that can be."""

_FRAMES = ("cr_frame", "gi_frame", "ag_frame")
_WRAPPERS = ("async_generator_asend", "coroutine_wrapper", "anext_awaitable", "_Ending", "aclosing", "closing", "dict")
_STILL_SENT = {Firing._send_result.__code__: ("held_back",), Firing._send.__code__: ("value",)}


class Reach:
    """All that can be reached from some roots.

    `places` can be changed, by what identifies each; `opaque` are objects that nobody sees into, and their names;
    `stores` are the names that the code there binds anew: of variables that nobody binds none can change. `asks`
    are functions that tell the time, and that nobody can exchange; without `names_any` the code names nothing at all.
    `has_sets_of_text` says that there is a set of text, or code that may make one; `is_cut` that there was too much to
    go through.
    """

    __slots__ = (
        "_kept",
        "_skipped",
        "_work",
        "asks",
        "has_sets_of_text",
        "is_cut",
        "names_any",
        "opaque",
        "places",
        "seen",
        "stores",
    )

    def __init__(self, skipped: Iterable[object] = ()) -> None:
        self.places: dict[Hashable, Place] = {}
        self.opaque: dict[int, str] = {}
        self.seen: set[int] = set()
        self.stores: set[str] = set()
        self.asks: set[str] = set()
        self.names_any = False
        self.has_sets_of_text = False
        self.is_cut = False
        self._kept: list[object] = []
        self._skipped = {id(each) for each in skipped}
        self._work: deque[tuple[object, str]] = deque()

    def of(self, root: object, name: str = "") -> Reach:
        """Walk from an object, which is called so."""
        self._work.append((root, name))
        while self._work:
            self._visit(*self._work.popleft())
        return self

    @property
    def can_bind_any(self) -> bool:
        """Whether the code may bind variables that it does not name."""
        return not self.stores.isdisjoint(INDIRECT)

    def _visit(self, value: object, name: str) -> None:
        kind = kind_of(value)
        if isinstance(value, set | frozenset) and is_of_text(value):
            self.has_sets_of_text = True
        if kind == "fixed" and not isinstance(value, _LEADING_ON):
            return
        if id(value) in self.seen or id(value) in self._skipped:
            return
        if len(self.seen) >= MOST:
            self.is_cut = True
            return
        self.seen.add(id(value))
        # Kept alive, so that no identity is given twice.
        self._kept.append(value)
        if kind in ("opaque", "framed"):
            self.opaque[id(value)] = f"{name or 'an object'} ({type(value).__name__})"
        elif kind == "place":
            self._add(Place(value, f"{name or 'an object'} ({type(value).__name__})"))
        self._work.extend(self._inside(value, kind, name))

    def _add(self, place: Place) -> None:
        self.places.setdefault(place.key, place)

    def _inside(self, value: Any, kind: str, name: str) -> Iterator[tuple[object, str]]:
        if isinstance(value, FunctionComponent):
            yield value.function, name
        elif kind == "function":
            yield from self._of_function(value, name)
        elif kind == "class":
            yield from self._of_class(value)
        elif kind == "cell":
            self._add(Place(value, f"the variable {name}"))
            yield from ((each, name) for each in self.places[id(value)].last)
        elif isinstance(value, ModuleType):
            if not is_installed(value):
                yield from self._of_names(data_in_module(name, vars(value)))
        elif isinstance(value, ContextVar):
            yield value_in(copy_context(), value, None), name
        elif isinstance(value, ReferenceType):
            yield value(), name
        elif kind == "place":
            yield from ((each, name) for each in self.places[id(value)].last)
            if is_of_user(type(value)):
                yield type(value), name
        elif isinstance(value, MethodType):
            yield value.__self__, name
            yield value.__func__, name
        elif kind == "framed":
            yield from _of_frame(value)
        elif kind == "through":
            yield from ((each, name) for each in gc.get_referents(value))

    def _of_function(self, function: FunctionType, name: str) -> Iterator[tuple[object, str]]:
        for called, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            yield cell, called
        if is_foreign(function.__code__.co_filename):
            self.names_any = True
            return
        self.stores |= stored_in(function.__code__)
        self.has_sets_of_text = self.has_sets_of_text or _makes_sets(function.__code__)
        self.names_any = self.names_any or bool(names_in(function.__code__))
        for defaults in (function.__defaults__ or (), (function.__kwdefaults__ or {}).values()):
            yield from ((each, f"a default of {function.__name__}") for each in defaults)
        if not hasattr(function, "__wrapped__"):
            self._add(Place(function.__dict__, f"{ATTRIBUTES}{function.__name__}"))
        yield from ((each, f"{function.__name__}.{key}") for key, each in function.__dict__.items())
        yield from self._of_code(function.__code__, function.__globals__)

    def _of_code(self, code: CodeType, names: dict[str, Any]) -> Iterator[tuple[object, str]]:
        wanted = names_in(code)
        for name in wanted:
            if what := asks_the_time(names.get(name), wanted):
                self.asks.add(what)
            if name not in names and name in stored_in(code):
                self._add(Place(names, f"the global {name}", name))
        yield from self._of_names(global_data(code, names))

    def _of_names(self, found: Iterable[Named]) -> Iterator[tuple[object, str]]:
        for named in found:
            self._add(Place(named.holder, f"the global {named.label}", named.name))
            yield named.value, f"the global {named.label}"

    def _of_class(self, value: type) -> Iterator[tuple[object, str]]:
        self.names_any = True
        for base in value.__mro__:
            if not is_of_user(base):
                continue
            self._add(Place(base, f"the class {base.__name__}"))
            yield from ((each, f"{base.__name__}.{name}") for name, each in data_of(base))
            yield from ((each, f"{base.__name__}.{each.__name__}") for each in methods_of(base))
            yield type(base), f"the class of {base.__name__}"


def _of_frame(value: Any) -> Iterator[tuple[object, str]]:
    """Yield what a coroutine or generator holds; of one that is not the user's, only those that it delegates to.

    What fbcore has at hand it does not read, but for what it is still going to send.
    """
    frame = next((found for each in _FRAMES if (found := getattr(value, each, None)) is not None), None)
    if frame is None:
        return
    held = gc.get_referents(value)
    names = {id(each): f"the variable {name}" for name, each in frame.f_locals.items()}
    if not is_foreign(frame.f_code.co_filename):
        yield from ((each, names.get(id(each), "")) for each in held if each is not frame.f_locals)
        return
    yield from ((frame.f_locals[name], "") for name in _STILL_SENT.get(frame.f_code, ()) if name in frame.f_locals)
    while held:
        each = held.pop()
        if isinstance(each, (CoroutineType, GeneratorType, AsyncGeneratorType)):
            yield each, ""
        elif type(each).__name__ in _WRAPPERS:
            held += gc.get_referents(each)


@lru_cache(maxsize=4096)
def _makes_sets(code: CodeType) -> bool:
    """Tell whether code may make a set of text, and look at it otherwise than for whether something is in it."""
    if not {"set", "frozenset"}.isdisjoint(code.co_names):
        return True
    steps = list(dis.get_instructions(code))
    for step, after in pairwise(steps):
        if step.opname in ("BUILD_SET", "SET_ADD"):
            return True
        if isinstance(step.argval, frozenset) and after.opname != "CONTAINS_OP" and is_of_text(step.argval):
            return True
    return any(_makes_sets(const) for const in code.co_consts if isinstance(const, CodeType))

"""What there is to see of a state, as short texts: for people to look at, never to tell states apart."""

from __future__ import annotations

import asyncio
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any

from fbcore.errors import shown
from fbdev.explore.named import belongs_to_python, global_data
from fbdev.explore.reading import is_users
from fbdev.explore.scene import new_name
from fbdev.explore.shared import Lock, Shared
from fbdev.explore.words import label_text

_PREFIX: dict[type, str] = {GeneratorType: "gi", CoroutineType: "cr", AsyncGeneratorType: "ag"}
"""How the attributes begin that tell where something stands."""
_NO_DATA = (type, FunctionType, BuiltinFunctionType, ModuleType, asyncio.Future, *_PREFIX)
_OF_A_GLOBAL = (int, float, str, bytes, list, dict, set, tuple, SimpleNamespace, Shared, Lock)
_PLAIN = (int, float, complex, str, bytes, bool, type(None))
_MOST_PARTS = 12
"""Attributes that are shown one by one; an object with more is one text."""


def own_data(process: Any, held: Sequence[Mapping[str, Any]] = ()) -> dict[str, str]:
    """Return the variables of a generator or coroutine, and of those that it waits for; `held` are its attributes."""
    found: dict[str, str] = {}
    for number, frame in enumerate(_frames(process)):
        free = set(frame.f_code.co_freevars)
        for name, value in frame.f_locals.items():
            if name not in free and not name.startswith(".") and not isinstance(value, _NO_DATA):
                found[new_name(f"{frame.f_code.co_name}: {name}" if number else name, found)] = text_of(value)
    for attributes in held:
        for name, value in attributes.items():
            found[new_name(name, found)] = text_of(value)
    return found


def shared_data(shared: object, processes: Sequence[Any]) -> dict[str, str]:
    """Return what processes share: what the scene says, variables of enclosing functions, and globals that are used."""
    found: dict[str, str] = {}
    known: set[int] = set()
    for name, value in _all_shared(shared, processes):
        if id(value) in known or isinstance(value, _NO_DATA):
            continue
        if not isinstance(value, _PLAIN):
            known.add(id(value))
        for called, part in _parts(name, value):
            text = text_of(part).removeprefix(f"{called}, ")
            if found.get(called) != text:
                found[new_name(called, found)] = text
            if not isinstance(part, _PLAIN):
                known.add(id(part))
    return found


def net_data(
    state: Mapping[str, Any], outputs: Mapping[str, Sequence[Any]], behind: Mapping[str, object]
) -> dict[str, dict[str, str]]:
    """Return the state of a net, as `FSMRuntime.state` gives it, as short texts.

    Besides there are what has come out, and what nodes share behind their ports.
    """
    found = {address: dict(_of_node(node)) for address, node in state["nodes"].items()}
    groups = {
        "on edges": {address: shown_all(values) for address, values in state["edges"].items() if values},
        "outputs": {name: shown_all(values) for name, values in outputs.items()},
        "behind the ports": {name: text_of(value) for name, value in behind.items()},
        "timers": {str(name): f"at {when:g} s" for name, when in state["timers"].items()},
    }
    return found | {name: group for name, group in groups.items() if group}


def shown_all(values: Sequence[Any]) -> str:
    """Write the packets of an output, short however many there are."""
    written = [shown(value) for value in values[:20]]
    more = f", and {len(values) - 20:,} more" if len(values) > 20 else ""
    return f"[{', '.join(written)}{more}]"


def text_of(value: object) -> str:
    """Write a value as short text that is the same in every execution.

    Example:
        from fbdev.explore.data import text_of

        class Account:
            def __init__(self):
                self.balance = 10

        print(text_of(Account()))
        #> Account(balance=10)
    """
    try:
        return _STEADY.repr(value)
    except Exception:
        # A class that has the name of one of Python's is taken for that one.
        return type(value).__name__


class _Steady(reprlib.Repr):
    """Writes values short and without addresses; of an object that says nothing of itself its attributes."""

    def repr_instance(self, value: Any, level: int) -> str:
        """Write what is none of Python's containers, numbers and texts."""
        if isinstance(value, Shared):
            return self.repr1(value._value, level)
        if isinstance(value, Lock):
            held = f"held by {value.holder}" if value.holder else "free"
            return f"{value.name}, {held}" if value.name else held
        if _has_bare_repr(value) and hasattr(value, "__dict__"):
            some = list(vars(value).items())[:_MOST_PARTS] if level > 0 else []
            return (
                f"{type(value).__name__}({', '.join(f'{name}={self.repr1(each, level - 1)}' for name, each in some)})"
            )
        try:
            text = label_text(repr(value))
        except Exception as error:
            return f"{type(value).__name__}, which cannot be shown: {type(error).__name__}"
        if len(text) <= self.maxother:
            return text
        half = (self.maxother - 3) // 2
        return f"{text[:half]}...{text[-half:]}"


_STEADY = _Steady()
_STEADY.maxstring = _STEADY.maxother = 80


def _frames(process: Any) -> Iterator[FrameType]:
    """Yield the frames of a process, from the outermost one in, as far as they are the user's and have not ended."""
    while (prefix := _PREFIX.get(type(process))) is not None:
        frame = getattr(process, f"{prefix}_frame")
        if frame is not None and not belongs_to_python(frame.f_code.co_filename):
            yield frame
        process = getattr(process, f"{prefix}_yieldfrom" if prefix == "gi" else f"{prefix}_await")


def _all_shared(shared: object, processes: Sequence[Any]) -> Iterator[tuple[str, object]]:
    if shared is not None:
        yield "", shared
    for process in processes:
        for frame in _frames(process):
            code, inside = frame.f_code, frame.f_locals
            yield from ((name, inside[name]) for name in code.co_freevars if name in inside)
            for named in global_data(code, frame.f_globals):
                if isinstance(named.value, _OF_A_GLOBAL) or is_users(type(named.value)):
                    yield named.label, named.value


def _parts(name: str, value: Any) -> Iterator[tuple[str, object]]:
    """Yield what something that is shared is made of, if this is not much, each part with a name."""
    if isinstance(value, Shared | Lock):
        yield value.name or name or "shared", value
    elif not name and isinstance(value, Mapping) and len(value) <= _MOST_PARTS:
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, list | tuple) and len(value) <= _MOST_PARTS and (not name or _are_seen_into(value)):
        for number, part in enumerate(value):
            yield (part.name if isinstance(part, Shared | Lock) else "") or f"{name}[{number}]", part
    elif _has_open_attributes(value):
        yield from ((f"{name}.{each}" if name else each, part) for each, part in vars(value).items())
    else:
        yield name or "shared", value


def _are_seen_into(values: Sequence[object]) -> bool:
    return all(isinstance(value, Shared | Lock) for value in values) and bool(values)


def _has_bare_repr(value: object) -> bool:
    kind: Any = type(value)
    return kind.__repr__ is object.__repr__


def _has_open_attributes(value: Any) -> bool:
    is_bare = _has_bare_repr(value) or isinstance(value, SimpleNamespace)
    return is_bare and 0 < len(getattr(value, "__dict__", ())) <= _MOST_PARTS


def _of_node(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "phase", node["phase"]
    yield "turns", f"{node['turns']:,}"
    for group, called in (("memory", "remembers"), ("holds", "holds"), ("sends", "sends")):
        for name, value in node.get(group, {}).items():
            yield f"{called} {name}", text_of(value)

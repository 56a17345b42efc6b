"""What tells a program from others in another process: its source, and the data that it is given."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from fbcore.formats.canonical import digest_of
from fbcore.model.flat import flatten
from fbcore.runtimes.snapshot import shape_of
from fbdev.explore.named import belongs_to_python
from fbdev.explore.net_scene import NetScene
from fbdev.explore.program import Program
from fbdev.explore.record import ProgramRecord

_OURS = ("fbcore", "fbdev")
_PLAIN = (int, float, complex, str, bytes, type(None))


def fingerprint(program: Program) -> ProgramRecord:
    """Return what tells a program from others.

    Of every module of the user's that it can reach, the source counts, but for comments and layout. Of data, what its
    functions have closed over and cannot change; of a net its shape, its inputs and its configs.
    """
    factory = program.factory
    checks = {"invariant": program.invariant, "at_end": program.at_end, "sentinel": program.sentinel}
    given: dict[str, Any] = {name: value for name, value in checks.items() if value is not None}
    if program.remap is not None:
        # Where names are told by an identity, that is the user's.
        given["renaming"] = inspect.getclosurevars(program.remap).nonlocals.get("identity", program.remap)
    data = {"allowed": digest_of(program.allowed)} if program.allowed else {}
    if isinstance(factory, NetScene):
        targets = [spec.component.target for spec in flatten(factory.graph).nodes.values()]
        data["graph"] = digest_of(shape_of(factory.graph))
        data["allowed"] = digest_of(sorted(map(str, factory.allowed)))
        data |= {f"configs.{name}": digest_of(value) for name, value in factory.configs.items()}
        data |= {f"inputs.{name}": digest_of(value) for name, value in factory.inputs.items()}
        name = factory.graph.name
    else:
        targets = [factory]
        name = _name(factory)
        given["factory"] = factory
    data |= {each: _name(value) for each, value in given.items()}
    for each, value in given.items():
        data |= {f"{each}.{part}": digest_of(held) for part, held in _held(value)}
    return ProgramRecord(name, dict(_sources([*targets, *given.values()])), data)


def differences(then: ProgramRecord, now: ProgramRecord) -> list[str]:
    """Say in which a program differs from what it was."""
    found = [f"it was {then.name}, and is {now.name}"] if then.name != now.name else []
    return found or [*_differing(then.sources, now.sources), *_differing(then.data, now.data)]


def _differing(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in {**then, **now}:
        if name not in now:
            yield f"{name} is missing"
        elif name not in then:
            yield f"{name} is new"
        elif then[name] != now[name]:
            yield f"{name} has changed"


def _name(function: Any) -> str:
    function = function.func if isinstance(function, functools.partial) else function
    return str(getattr(function, "__qualname__", type(function).__qualname__)).replace(".<locals>", "")


def _held(value: Any) -> Iterator[tuple[str, object]]:
    """Find what a function was given with it: what it has closed over, its defaults, what a partial binds."""
    if isinstance(value, functools.partial):
        held = [*enumerate(value.args, 1), *value.keywords.items()]
        yield from ((str(name), each) for name, each in held if _is_plain(each))
        yield from _held(value.func)
    elif isinstance(value, MethodType):
        yield from _held(value.__func__)
    elif isinstance(value, FunctionType):
        try:
            found = inspect.getclosurevars(value).nonlocals
        except ValueError:
            return
        for name, each in found.items():
            if _is_plain(each):
                yield name, each
            elif isinstance(each, FunctionType):
                yield from ((f"{name}.{part}", inner) for part, inner in _held_once(each))


def _held_once(function: FunctionType) -> Iterator[tuple[str, object]]:
    found = inspect.getclosurevars(function).nonlocals
    return ((name, each) for name, each in found.items() if _is_plain(each))


def _is_plain(value: object) -> bool:
    """Tell whether a value is data that nobody can change."""
    if isinstance(value, tuple | frozenset):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


# -- sources -------------------------------------------------------------------------------------------


def _sources(things: list[Any]) -> Iterator[tuple[str, str]]:
    """Find the user's modules that things come from, and all that these import; return the digest of each."""
    todo: list[ModuleType] = []
    for thing in things:
        thing = thing.func if isinstance(thing, functools.partial) else thing
        module = _module_of(thing)
        code = getattr(thing, "__code__", None)
        file = getattr(module, "__file__", None)
        if code is not None and (file is None or not _is_file(code.co_filename)):
            # It was typed in, and lies in no file.
            yield _name(thing), _digest(_code_text(code))
        if module is not None:
            todo.append(module)
    seen: set[str] = set()
    while todo:
        module = todo.pop()
        file = getattr(module, "__file__", None)
        if file is None or file in seen or not _is_users(module, file):
            continue
        seen.add(file)
        yield _called(module, file), _digest(_text_of(file))
        todo += _imported(module)


def _is_users(module: ModuleType, file: str) -> bool:
    return module.__name__.partition(".")[0] not in _OURS and not belongs_to_python(file) and _is_file(file)


def _is_file(name: str) -> bool:
    return Path(name).is_file()


def _called(module: ModuleType, file: str) -> str:
    is_named_by_us = module.__name__ == "__main__" or module.__name__.startswith("fbcore_file_")
    return Path(file).name if is_named_by_us or "." not in module.__name__ else module.__name__


def _imported(module: ModuleType) -> Iterator[ModuleType]:
    for value in list(vars(module).values()):
        if isinstance(value, ModuleType):
            yield value
        elif (other := _module_of(value)) is not None and other is not module:
            yield other


def _module_of(thing: object) -> ModuleType | None:
    name = getattr(thing, "__module__", None)
    return sys.modules.get(name) if isinstance(name, str) else None


@functools.lru_cache(maxsize=256)
def _parsed(source: bytes) -> str:
    return ast.dump(ast.parse(source))


def _text_of(file: str) -> str:
    """Return what a file says to Python; comments, layout and the numbers of lines are nothing to it."""
    source = Path(file).read_bytes()
    try:
        return _parsed(source)
    except (SyntaxError, ValueError, RecursionError):
        return source.decode("utf-8", "backslashreplace")


def _code_text(code: CodeType) -> str:
    consts = [_code_text(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts]
    return repr((code.co_name, code.co_code, code.co_names, code.co_varnames, consts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]

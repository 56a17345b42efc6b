"""What a Python file is as a component: its body, a function in it, or a script."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fbcore.components.py_block import Block, find_block
from fbcore.components.py_body import PyBody, compile_body
from fbcore.components.py_class import make_class
from fbcore.components.py_entry import MAIN, load_entry
from fbcore.components.py_script import PyScript
from fbcore.errors import GraphError, LoadError
from fbcore.model.template import derived
from fbcore.source.read import Source

_RULE = "a component is a Python file in UTF-8, with a block `# /// fbcore` or a function `main` in it"
_BLOCK_HINT = 'declare ports at the top of the file: # /// fbcore, # [inputs], # row = "dict[str, str]", # ///'


def component_of(
    path: str | Path,
    calling: str | None,
    entry: str | None,
    name: str | None = None,
    options: Mapping[str, Any] | None = None,
    module: str = __name__,
    *,
    process: bool,
) -> Any:
    """Make a component of a file that the file `calling` names, or a prompt when that is None; see `PyFile`.

    With a name, or options, it is a component of the module that makes it.
    """
    made, *call = _plain(path, calling, entry, process=process)
    if name is None and not options:
        return made
    label = {"_label": name} if name is not None else {}
    return derived(made, options or {}, name, module, {"_made_by": (*call, name, dict(options or {}), module), **label})


def _plain(path: str | Path, calling: str | None, entry: str | None, *, process: bool) -> tuple[Any, ...]:
    """Return the component of a file, and the call that makes it again."""
    if process and entry is not None:
        what = f"entry={entry!r} names a function, and process=True runs the whole file"
        raise GraphError(what, str(path), "leave one of them away")
    source = Source(_located(Path(path), calling), _RULE)
    made_by = (_again, str(source.file), entry, process)
    block = find_block(source, "fbcore")
    if process:
        return _script(source, block, made_by), *made_by
    tree = source.parse()
    if entry is None and block is not None:
        made = make_class(PyBody, block, tree, made_by, _file=source.file, _code=compile_body(source, tree))
        return made, *made_by
    if entry is None and MAIN not in _functions(tree):
        raise LoadError(
            f"there is neither a block `# /// fbcore` in it nor a function {MAIN}", str(source.path), _BLOCK_HINT
        )
    return load_entry(source, tree, entry or MAIN, made_by), *made_by


def _again(path: str, entry: str | None, process: bool, *more: Any) -> Any:
    """Make a component of a file again, as unpickling does."""
    return component_of(path, None, entry, *more, process=process)


def _located(path: Path, calling: str | None) -> Path:
    """Return where a file lies that another names."""
    path = path.expanduser()
    if path.is_absolute() or calling is None:
        return path
    found = Path(calling).resolve().parent / path
    if not found.exists() and path.exists():
        hint = f'a relative path is relative to the file that names it; write Path.cwd() / "{path}"'
        raise LoadError("there is no such file", str(found), hint)
    return found


def _script(source: Source, block: Block | None, made_by: tuple[Any, ...]) -> Any:
    if block is None:
        raise LoadError("there is no block `# /// fbcore` in it, and so it has no ports", str(source.path), _BLOCK_HINT)
    needs = find_block(source, "script")
    tables = needs.tables if needs is not None else {}
    try:
        tree = source.parse()
    except LoadError:
        if "requires-python" not in tables:
            raise
        # It is for another Python, which may know words that this one does not.
        tree = None
    wants_uv = bool(tables.get("dependencies"))
    return make_class(PyScript, block, tree, made_by, _file=source.file, _wants_uv=wants_uv)


def _functions(tree: ast.Module) -> list[str]:
    return [each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]

"""Components made of files: a class for each, as if its user had written it."""

from __future__ import annotations

import ast
import re
from typing import Any

from fbcore.components.py_block import Block, FilePort, ports_of
from fbcore.components.py_types import FileTypes
from fbcore.model.address import Place, snake_case
from fbcore.model.component import Component, class_spec
from fbcore.model.made import MadeClass
from fbcore.model.packet import NOTHING
from fbcore.model.port import Config, In, Out

_KINDS: dict[str, Any] = {"inputs": In, "outputs": Out, "configs": Config}


def id_of(stem: str) -> str:
    """Return the id that a node gets of the name of its file: `clean-rows.py` becomes `clean_rows`."""
    return snake_case(re.sub(r"^(?=\d)|\W", "_", stem))


def make_class(
    kind: type[Component], block: Block, tree: ast.Module | None, made_by: tuple[Any, ...], **attributes: Any
) -> Any:
    """Derive a class from `kind`, with the ports that a block declares.

    `tree` is the syntax tree of the file, whose imports name types, or None. `made_by` is a function and what
    it is to be called with to make the class again. Attributes begin with `_`, for ports never do.

    Raises:
        LoadError: the block declares its ports wrongly.
    """
    source = block.source
    types = FileTypes(tree or ast.Module([], []), source.file)
    annotations: dict[str, Any] = {}
    unresolved = []
    for port in ports_of(block):
        annotations[port.name], resolved = _annotation(port, types, block)
        if not resolved:
            unresolved.append(port.name)
        if port.optional:
            attributes[port.name] = In(optional=True)
        elif port.default is not NOTHING:
            attributes[port.name] = Config(default=port.default)
    doc = (tree and ast.get_docstring(tree)) or f"The component in {source.file.name}."
    cls: Any = MadeClass(
        id_of(source.file.stem),
        (kind,),
        {
            "__annotations__": annotations,
            "__doc__": doc,
            "_made_by": made_by,
            **attributes,
        },
    )
    spec = class_spec(cls)
    spec.place = Place(str(source.file), block.line)
    for name in unresolved:
        spec.ports[name].resolved = False
    return cls


def _annotation(port: FilePort, types: FileTypes, block: Block) -> tuple[Any, bool]:
    try:
        kind, resolved = types.resolve(port.type)
        return _KINDS[port.table][kind], resolved
    except (SyntaxError, TypeError):
        hint = 'write it as an annotation: "int", "dict[str, str]", "Path | None"'
        block.refuse(f"the type of {port.name} is no type: {port.type!r}", hint, port.line)

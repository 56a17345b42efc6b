"""What the reference makes of our docstrings: examples as code, and the ports of a component as a table."""

import re
import textwrap
from typing import Any

import griffe

EXAMPLE = re.compile(r"^Example:\n((?:(?:[ ].*)?(?:\n|\Z))+)", re.MULTILINE)
PORTS = re.compile(r"\b(?:In|Out|InArray|OutArray|Config|Memory|Signal|Message)\b")


class Docstrings(griffe.Extension):
    """Rewrites docstrings as they are read, before they are split into sections."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Make a block of code of every example."""
        if obj.docstring is not None:
            obj.docstring.value = EXAMPLE.sub(_block, obj.docstring.value)

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Put the ports of a component below its description."""
        own = [each for each in cls.members.values() if isinstance(each, griffe.Attribute)]
        ports = [each for each in own if PORTS.match(str(each.annotation or ""))]
        if ports and cls.docstring is not None:
            head, example, rest = cls.docstring.value.partition("\n**Example**")
            cls.docstring.value = f"{head}\n{_table(ports)}\n{example}{rest}"


def _block(found: re.Match[str]) -> str:
    return f"**Example**\n\n```python\n{textwrap.dedent(found[1]).strip()}\n```\n"


def _table(ports: list[griffe.Attribute]) -> str:
    rows = [f"| `{port.name}` | `{_escaped(port.annotation)}` | {_value(port)} |" for port in ports]
    return "\n".join(["| port | kind | options |", "|---|---|---|", *rows, ""])


def _value(port: griffe.Attribute) -> str:
    return f"`{_escaped(port.value)}`" if port.value is not None else ""


def _escaped(expression: Any) -> str:
    return str(expression).replace("|", "\\|")

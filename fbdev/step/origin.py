"""Where a session comes from: what was written on the command line, and what it stood for."""

import ast
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fbcore.formats.python_file import split_target


class Origin(NamedTuple):
    """The graph's file as it was named, the folder where that was, the texts of `--input`, all values, and files."""

    target: str
    folder: Path
    texts: Sequence[str]
    inputs: Mapping[str, Any]
    configs: Mapping[str, Any]
    snapshot: str = ""
    settings: str = ""

    @property
    def name(self) -> str:
        """The name of the file, without its ending."""
        return split_target(self.target)[0].stem

    def __str__(self) -> str:
        words = ["fbdev", "step", self.target]
        words += [word for text in self.texts for word in ("--input", text)]
        words += ["--restore", self.snapshot] if self.snapshot else []
        words += ["--settings", self.settings] if self.settings else []
        return shlex.join(words)


def is_literal(value: Any) -> bool:
    """Say whether Python reads a value back from its `repr`."""
    try:
        read = ast.literal_eval(repr(value))
        return bool(type(read) is type(value) and read == value)
    except Exception:
        return False

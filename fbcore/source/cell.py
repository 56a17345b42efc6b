"""Cells of notebooks: to Python each is a file, one that nobody has ever seen."""

from __future__ import annotations

import sys
from typing import Any


def source_name(file: str) -> str:
    """Return what a reader calls the source of some code: `In[3]` for a cell of a notebook, else the file."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if hasattr(ipython, "get_ipython") else None
    cell = shell.compile.format_code_name(file) if shell is not None else None
    return str(cell[1]) if cell else file

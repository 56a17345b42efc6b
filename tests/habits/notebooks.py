"""Whether notebooks are clean: `python -m tests.habits.notebooks` refuses those that are not, for `make lint`.

A notebook is clean when `nbdev-clean --clear-all` leaves it as it is: without outputs, execution counts and what an
editor notes about cells, so that changes to it can be read.
"""

import json
import sys
from pathlib import Path
from typing import Any

from fastcore.nbio import nb2str
from nbdev.clean import clean_nb

from tests.habits.tree import ROOT, name

NOTEBOOKS = sorted((ROOT / "nbs").rglob("*.ipynb"))
MEND = "nbdev-clean --clear-all --fname nbs"


def noise(text: str) -> list[str]:
    """Say what in the text of a notebook is not clean."""
    notebook, clean = json.loads(text), json.loads(text)
    clean_nb(clean, clear_all=True)
    cells = zip(notebook["cells"], clean["cells"], strict=False)
    found = [f"cell {number} has {each}" for number, pair in enumerate(cells, 1) for each in _differences(*pair)]
    found += [f"the notebook has {each}" for each in _differences(notebook, clean) if each != "cells"]
    if not found and nb2str(clean) != text:
        found.append("it is written in another order or indentation")
    return found


def _differences(there: dict[str, Any], clean: dict[str, Any]) -> list[str]:
    return [key for key in sorted(there.keys() | clean.keys()) if there.get(key) != clean.get(key)]


def main(paths: list[Path]) -> int:
    """Name on standard error what is not clean, and how to mend it; return the exit code."""
    found = [f"{name(path)}: {each}" for path in paths for each in noise(path.read_text(encoding="utf-8"))]
    if found:
        print(*found, f"clean them with: {MEND}", sep="\n", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(NOTEBOOKS))

"""DOT text as a picture, by the Graphviz that the extra `draw` brings: no system package is needed."""

import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from fbcore.errors import ExtraError, FlowError

_PROGRAM = "graphviz-pure"
_DPI = {"png": 144}
"""Dots per inch where it matters: twice the 72 of Graphviz, so that small text can be read."""

_BOX = re.compile(r'<g id="node\d+" class="node">(?:(?!</g>).)* d="([^"]*)".*?</g>', re.DOTALL)


def picture(dot: str, kind: str, *, patience: float | None = None) -> bytes:
    """Lay out DOT text and return it as `svg` or `png`; the same text gives the same bytes everywhere.

    `patience` is how many seconds it may take.

    Raises:
        ExtraError: the extra `draw` is not installed.
        FlowError: Graphviz cannot draw this text, or not in time; what it says is in the error.
    """
    options = [f"-T{kind}", *(f"-Gdpi={dpi}" for each, dpi in _DPI.items() if each == kind)]
    try:
        done = subprocess.run(
            [_program(), *options], input=dot.encode(), capture_output=True, check=False, timeout=patience
        )
    except subprocess.TimeoutExpired as error:
        raise FlowError(f"Graphviz needs more than {patience:g} s for this") from error
    except OSError as error:
        raise FlowError(f"Graphviz cannot be run: {error}") from error
    if done.returncode:
        raise FlowError(f"Graphviz cannot draw this: {done.stderr.decode(errors='replace').strip()}")
    return _centred(done.stdout.decode()).encode() if kind == "svg" else done.stdout


def _centred(svg: str) -> str:
    """Anchor the lines in a rounded box at its middle: a viewer without Helvetica has a font of other widths."""

    def centre(box: re.Match[str]) -> str:
        across = [float(x) for x in re.findall(r"(-?[\d.]+),", box[1])]
        middle = (min(across) + max(across)) / 2
        return re.sub(r'text-anchor="start" x="[^"]*"', f'text-anchor="middle" x="{middle:.2f}"', box[0])

    return _BOX.sub(centre, svg)


def _program() -> str:
    """Find the program where its package put it, which need not be on the path, or else on the path."""
    try:
        files = metadata.files(_PROGRAM) or []
    except metadata.PackageNotFoundError:
        files = []
    found = [str(file.locate()) for file in files if Path(file.name).stem == _PROGRAM]
    program = next(iter(found), None) or shutil.which(_PROGRAM)
    if program is None:
        raise ExtraError("SVG and PNG need Graphviz, which is not installed", hint="pip install 'fbdev[draw]'")
    return program

"""The file into which `fbdev explore` draws states, as what its ending says."""

from __future__ import annotations

from pathlib import Path

import typer

from fbcore.errors import FlowError
from fbcore.formats.picture import picture
from fbcore.formats.whole_text import write_whole
from fbdev.complaint import complain
from fbdev.explore.result import Kind, Result

_KINDS: dict[str, Kind] = {
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".json": "json",
    ".txt": "tree",
}


class Drawn:
    """A picture that is to be written: refused before the search if it cannot be, and drawn after it."""

    def __init__(self, output: str) -> None:
        self.path = path = Path(output)
        kind = _KINDS.get(path.suffix.lower())
        if kind is None:
            better = path.with_suffix(".html") if path.name else "states.html"
            raise _wrong(f"{output}: a picture of states ends in {', '.join(_KINDS)}; name the file {better}")
        if path.is_dir():
            raise _wrong(f"{output}: it is a folder")
        if not path.parent.is_dir():
            raise _wrong(f"{output}: there is no folder {path.parent}")
        if kind in ("html", "svg"):
            # Who lacks the extra hears of it now, and not after a minute.
            picture("digraph {}", "svg")
        self.kind: Kind = kind
        self._text = ""
        self._error: FlowError | None = None

    def draw(self, result: Result) -> None:
        """Draw the states of a result; what keeps it from being drawn is told by `write`."""
        try:
            self._text = result.draw(self.kind)
        except FlowError as error:
            self._error = error
        except KeyboardInterrupt:
            self._error = FlowError("the drawing was interrupted", str(self.path))

    def write(self) -> None:
        """Write the file; without a picture say why not: the verdict stands all the same."""
        if self._error is not None:
            complain(self._error)
            return
        try:
            write_whole(self.path, self._text)
        except OSError as error:
            raise _wrong(f"{self.path}: {error.strerror}") from error


def _wrong(what: str) -> typer.BadParameter:
    return typer.BadParameter(what, param_hint="--output")

"""Graphs in files, as a shell offers them."""

from pathlib import Path

from fbdev.complete.outline import Outline


def targets(incomplete: str) -> list[str]:
    """Return `FILE:name` for each graph of a file whose name is written; files themselves are left to the shell."""
    file, colon, name = incomplete.rpartition(":")
    if not colon:
        return []
    return [f"{file}:{graph}" for graph in Outline(Path(file)).graphs if graph.startswith(name)]

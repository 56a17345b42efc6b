"""`fbdev new`: make a project, and say what to do next."""

import sys
from pathlib import Path

import typer

from fbdev.complaint import near
from fbdev.new.project import make_project

_NEXT = (
    ("fbdev run net.py", "run the net"),
    ("fbdev check net.py", "find faults before it runs"),
    ("fbdev draw net.py", "draw it, as Mermaid text"),
    ("pytest", "run the tests"),
)


def new_project(name: str) -> int:
    """Make a project in a folder of that name, which may be a path, print its files, and return the exit code."""
    folder = Path(name)
    try:
        made = make_project(folder)
    except OSError as error:
        raise typer.BadParameter(
            f"cannot write {error.filename or name}: {error.strerror}", param_hint="NAME"
        ) from error
    files = ", ".join(file.relative_to(folder).as_posix() for file in made)
    lines = [f"made {near(str(folder))}: {files}", "next:"]
    if folder.resolve() != Path.cwd():
        lines.append(f"  cd {near(str(folder))}")
    lines += [f"  {command:<20} # {what}" for command, what in _NEXT]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0

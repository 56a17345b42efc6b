"""Writing a project to start from: a net, its components, their tests, and what belongs to them."""

import keyword
import re
from importlib.metadata import version
from pathlib import Path

from fbcore.errors import FlowError

_STARTER = Path(__file__).parent / "starter"
_ENDING = ".template"

_NAME = re.compile(r"[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?\Z")


def make_project(folder: Path) -> list[Path]:
    """Write the starter project into a folder, new or empty, and return its files; the folder gives it its name.

    Raises:
        FlowError: the name cannot be that of a project, or there is something in the folder already.
        OSError: it cannot be written.
    """
    name = folder.resolve().name
    _check_name(name)
    _check_free(folder)
    texts = {"@NAME@": name, "@GRAPH@": name.replace("-", "_"), "@VERSION@": version("fbdev")}
    made = []
    for template in sorted(_STARTER.rglob(f"*{_ENDING}")):
        file = folder / template.relative_to(_STARTER).with_name(template.name.removesuffix(_ENDING))
        text = template.read_text(encoding="utf-8")
        for mark, value in texts.items():
            text = text.replace(mark, value)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        made.append(file)
    return made


def _check_name(name: str) -> None:
    if not _NAME.match(name) or keyword.iskeyword(name):
        hint = "use letters, digits, - and _, beginning with a letter: my-net"
        raise FlowError(f"{name!r} cannot be the name of a project", hint=hint)


def _check_free(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        what = "there is something in this folder already" if folder.is_dir() else "this is a file already"
        raise FlowError(what, str(folder), "give a name that is free; nothing was written")

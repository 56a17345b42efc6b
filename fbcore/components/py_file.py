"""A Python file as a component."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Unpack

if TYPE_CHECKING:
    from pathlib import Path

    from fbcore.model.options import NodeOptions


def PyFile(  # noqa: N802 - makes a class
    path: str | Path,
    *,
    entry: str | None = None,
    process: bool = False,
    name: str | None = None,
    **options: Unpack[NodeOptions],
) -> Any:
    """Make a component of a Python file, to be given to `graph.add`; its node is named after the file.

    A file with a block `# /// fbcore` declares its ports there, as TOML in comments. Its body is the work of
    the component, as `run` of a class is, with `self`, every port by its name and top-level `await`. It is run
    anew, with names of its own, for every run of a net, and not before.

    A file without such a block is imported, and its function `main` becomes a component as `@component` makes
    one; `entry` names another function, or a component, in a file with or without a block.

    With `process`, the file is run as a script in a process of its own, by `uv` when it names dependencies.
    Packets are lines of JSON on its standard input and output, configs are arguments.

    As every template, it takes a `name`, which the component is then called by, and the `Options` of components.

    A path that is not absolute is relative to the file that calls, wherever the net is run from; at a prompt
    and in a notebook, which are no files, to the current folder.

    Raises:
        LoadError: there is no such file, it declares its ports wrongly, or is no Python.
        GraphError: there is no such option, or the name cannot be one.

    Example:
        from pathlib import Path

        Path("shout.py").write_text('''
        def main(text: str, mark: str = "!") -> str:
            return text.upper() + mark
        ''')
        print(BatchRuntime(PyFile("shout.py")).run(inputs={"text": "hello"}, mark="!!").outputs.out)
        #> ['HELLO!!']
    """
    # What reads files takes long to import, and a net without them needs none of it.
    from fbcore.components.py_kind import component_of

    names = sys._getframe(1).f_globals
    module = names.get("__name__", __name__)
    return component_of(path, names.get("__file__"), entry, name, options, module, process=process)

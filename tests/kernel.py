"""Running notebooks, in a kernel of their own, by the interpreter that runs the tests."""

import os
import re
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from tests.habits.tree import ROOT

_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def run_notebook(notebook: NotebookNode, folder: Path, *, allow_errors: bool = False) -> None:
    """Run all cells of a notebook in a folder; their outputs are in it then.

    Raises:
        CellExecutionError: a cell raised, and errors are not allowed.
    """
    # No folders of kernels: what is left is the interpreter that runs this test.
    manager = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, km=manager, timeout=120, resources=resources, allow_errors=allow_errors)
    # The kernel imports this tree, wherever another is installed. The client cleans up only a kernel that it began
    # by itself, unless it is told to.
    client.execute(cleanup_kc=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def run_cells(sources: list[str], folder: Path) -> list[list[NotebookNode]]:
    """Run cells as a notebook, errors or not, and return the outputs of each."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    run_notebook(notebook, folder, allow_errors=True)
    return [cell.outputs for cell in notebook.cells]


def error_shown(outputs: list[NotebookNode]) -> str:
    """Return the traceback that a cell shows, without its colours."""
    (error,) = (each for each in outputs if each.output_type == "error")
    return _COLOURS.sub("", "\n".join(error.traceback))


def read(path: Path) -> NotebookNode:
    """Read a notebook from its file."""
    return nbformat.read(path, as_version=4)

"""Nets as files: the graph in `flights.py`, or one of several by `flights.py:name`; `flights.json` has one."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from fbcore.errors import LoadError
from fbcore.model.graph import Graph
from fbcore.source.module import import_file
from fbcore.source.read import Source

_RULE = "a net is a Python file in UTF-8, with `graph = Graph(...)` in it"


def load_graph(target: str | Path) -> Graph:
    """Run a Python file and return the graph in it: its only one, or the one called `graph`.

    `flights.py:clean` takes the one called `clean`. The file is imported as a module of its own name, so its part
    under `if __name__ == "__main__":` is not run, and its folder is importable meanwhile. A file that ends in `.json`
    is read as `read_graph` does.

    Raises:
        LoadError: the file cannot be read or run, or there is no graph in it, or several and none was named;
            what was raised, if anything, is the `__cause__`.

    Example:
        from pathlib import Path
        from fbcore.formats.python_file import load_graph

        Path("loud.py").write_text('''
        from fbcore import *

        @component
        def shout(text: str) -> str:
            return text.upper()

        graph = Graph("loud")
        graph.inputs.text >> graph.add(shout).text
        graph["shout"].out >> graph.outputs.loud
        ''')
        print(BatchRuntime(load_graph("loud.py")).run(inputs={"text": "hello"}).outputs.loud)
        #> ['HELLO']
    """
    path, name = split_target(target)
    if is_json(path):
        from fbcore.formats.graph_file import read_graph

        return _alone(read_graph(path), path, name)
    return pick_graph(import_file(Source(path, _RULE)), path, name)


def split_target(target: str | Path) -> tuple[Path, str]:
    """Split `FILE.py:name` into the file and the name, which is "" when none was given."""
    file, colon, name = str(target).rpartition(":")
    if colon and (name.isidentifier() or file.endswith((".py", ".json"))):
        return Path(file), name
    return Path(target), ""


def is_json(path: Path) -> bool:
    """Say whether a file is to hold a graph as JSON."""
    return path.suffix.lower() == ".json"


def _alone(graph: Graph, path: Path, name: str) -> Graph:
    if name not in ("", graph.name):
        raise LoadError(f"there is no {name} in this file", str(path), f"its graph is {graph.name}")
    return graph


# -- choosing ------------------------------------------------------------------------------------------


def pick_graph(module: ModuleType, path: Path, name: str = "") -> Graph:
    """Return the graph of a module that has this name; without a name its only one, or the one called `graph`.

    Raises:
        LoadError: there is none, or several and none was named; `path` is what the user calls the file.
    """
    graphs = graphs_in(module)
    if name:
        return _named(module, path, name, graphs)
    if "graph" in graphs:
        return graphs["graph"]
    if len(graphs) == 1:
        return next(iter(graphs.values()))
    if graphs:
        hint = f"name one of them: {path}:{next(iter(graphs))}"
        raise LoadError(f"there are {len(graphs)} graphs in this file: {', '.join(graphs)}", str(path), hint)
    hint = f'declare one at the top level: graph = Graph("{path.stem if path.stem.isidentifier() else "net"}")'
    raise LoadError(f"there is no graph in this file, {_found(module)}", str(path), hint)


def graphs_in(module: ModuleType) -> dict[str, Graph]:
    """Return the graphs of a module by name, each once; `graph` is the first of its names."""
    names = sorted(vars(module), key=lambda name: name != "graph")
    found = {id(graph): name for name in reversed(names) if isinstance(graph := vars(module)[name], Graph)}
    chosen = set(found.values())
    return {name: vars(module)[name] for name in vars(module) if name in chosen}


def _named(module: ModuleType, path: Path, name: str, graphs: dict[str, Graph]) -> Graph:
    known = f"its graphs are: {', '.join(graphs)}" if graphs else f"there is no graph in this file, {_found(module)}"
    if name not in vars(module):
        raise LoadError(f"there is no {name} in this file", str(path), known)
    value = vars(module)[name]
    if isinstance(value, Graph):
        return value
    hint = f"make one of it at the top level: graph = {name}()" if callable(value) else known
    raise LoadError(f"{name} is no Graph but a {type(value).__name__}", str(path), hint)


def _found(module: ModuleType) -> str:
    if "graph" in vars(module):
        return f"and `graph` is a {type(vars(module)['graph']).__name__}"
    names = [name for name, value in vars(module).items() if _is_of(module, name, value)]
    return f"only {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else "nor anything else"


def _is_of(module: ModuleType, name: str, value: object) -> bool:
    """Say whether a name was defined in a module, rather than imported into it."""
    if name.startswith("_") or isinstance(value, ModuleType):
        return False
    return getattr(value, "__module__", module.__name__) == module.__name__

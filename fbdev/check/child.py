"""The process in which a file is imported and checked, so that nothing it does touches anybody else."""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from fbcore.errors import FlowError, LoadError
from fbcore.formats.python_file import graphs_in, is_json, load_graph, pick_graph, split_target
from fbcore.model.graph import Graph
from fbcore.source.module import import_file
from fbcore.source.read import Source
from fbdev.check.bodies import not_awaited
from fbdev.check.components import components_of, declared_wrongly, is_component, not_resolved
from fbdev.check.finding import Finding, Level
from fbdev.check.graphs import check_graph, nodes_of
from fbdev.check.import_watch import GROUP, LOOKS_AT, ImportWatch
from fbdev.check.neighbours import hidden_modules
from fbdev.check.place import culprit
from fbdev.check.settings import check_settings


def main() -> None:
    """Check a target, and write what was found into a file: both are arguments.

    So are the seconds that an import may take, and a file of settings, or "".
    """
    target, file, limit, settings = sys.argv[1:]
    report = Report(Path(file), settings)
    path, name = split_target(target)
    source = Source(path)
    timer = threading.Timer(float(limit), report.give_up, [threading.main_thread().ident, limit])
    timer.daemon = True
    timer.start()
    watch = ImportWatch()
    module, graph = None, None
    try:
        with watch.watching():
            if is_json(path):
                graph = load_graph(target)
            else:
                module = import_file(source)
    except FlowError as error:
        report.add([Finding(GROUP, Level.ERROR, error.what, place=error.address, hint=error.hint)])
    except KeyboardInterrupt:
        report.add([Finding(GROUP, Level.ERROR, "importing it raises KeyboardInterrupt", hint="leave that to Ctrl-C")])
    timer.cancel()
    report.add([*watch.findings, *hidden_modules(source.file)])
    if graph is not None:
        report.check_only(graph)
    if module is not None:
        report.check(module, path, name)
    report.end()


class Report:
    """What the process tells its parent: findings, and what was checked, as JSON in a file."""

    def __init__(self, file: Path, settings: str = "") -> None:
        self._file = file
        # Opened before anybody watches what is opened.
        self._word = os.open(file.with_suffix(LOOKS_AT), os.O_WRONLY | os.O_CREAT)
        self._settings = settings
        self._findings: list[Finding] = []
        self._content: dict[str, Any] = {"graphs": {}, "components": 0}

    def tell(self, **content: Any) -> None:
        """Tell something else than findings: `components` is how many were checked, `usage` that there are none."""
        self._content.update(content)

    def looks_at(self, module: str) -> None:
        """Leave word of what is imported now, for the case that this ends the process."""
        os.write(self._word, f"{module}\n".encode())

    def add(self, findings: Iterable[Finding]) -> None:
        """Take in findings."""
        self._findings += findings

    def check(self, module: ModuleType, path: Path, name: str) -> None:
        """Check what a module defines: all of its graphs and components, or the one that was named."""
        try:
            graphs, components = _chosen(module, path, name)
            self._check(graphs, components)
        except LoadError as error:
            self._content["usage"] = str(error)
        except Exception:
            # A mistake of ours, which is not to look like one of the file's.
            self._content["mistake"] = traceback.format_exc()

    def check_only(self, graph: Graph) -> None:
        """Check a graph, and the components in it."""
        try:
            self._check([graph], [])
        except Exception:
            self._content["mistake"] = traceback.format_exc()

    def _check(self, graphs: list[Graph], components: list[Any]) -> None:
        used = {id(node.component): node.component.target for graph in graphs for _, node in nodes_of(graph)}
        for graph in graphs:
            self._content["graphs"][graph.name] = {"nodes": len(graph.nodes), "edges": len(graph.edges)}
            self.add(check_graph(graph))
        if self._settings:
            self.add(check_settings(self._settings, graphs))
        others = {id(each): each for each in components if each not in used.values()}
        for each in others.values():
            self.add(declared_wrongly(each))
        for each in (*used.values(), *others.values()):
            self.add(not_resolved(each))
            self.add(not_awaited(each))
        self._content["components"] = len(used) + len(others)

    def give_up(self, thread: int, limit: str) -> None:
        """Say where the import is, and end the process as it is."""
        where = culprit(sys._current_frames().get(thread)).place
        hint = 'put what takes long into a component, or under `if __name__ == "__main__":`'
        what = f"importing it takes longer than {float(limit):g} s"
        self.add([Finding(GROUP, Level.ERROR, what, place=where, hint=hint)])
        self.end()

    def end(self) -> None:
        """Write the report and end the process at once: threads that the import has started wait for nothing."""
        content = {**self._content, "findings": [finding._asdict() for finding in self._findings]}
        self._file.write_text(json.dumps(content), encoding="utf-8")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _chosen(module: ModuleType, path: Path, name: str) -> tuple[list[Graph], list[Any]]:
    """Return the graphs and components to check."""
    if name and is_component(vars(module).get(name)):
        return [], [vars(module)[name]]
    if name:
        return [pick_graph(module, path, name)], []
    graphs, components = list(graphs_in(module).values()), list(components_of(module).values())
    return (graphs, components) if graphs or components else ([pick_graph(module, path, name)], [])

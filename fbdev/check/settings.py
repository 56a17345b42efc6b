"""Checking settings: what is wrong with them, and whether they fit graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fbcore.errors import FlowError, GraphError, SettingsError
from fbcore.model.graph import Graph
from fbcore.model.problem import Problem
from fbcore.orchestration.fitting import doubts, misfits
from fbcore.orchestration.settings import NetSettings
from fbdev.check.finding import Finding, Level
from fbdev.check.graphs import nodes_of, of_problems


def check_settings(file: str, graphs: Sequence[Graph]) -> Iterator[Finding]:
    """Yield what is wrong with the settings in a file, by themselves and for each graph that is no part of another."""
    group = f"settings {file}"
    try:
        settings = NetSettings.load(file)
    except SettingsError as error:
        if not error.problems:
            yield Finding(group, Level.ERROR, error.what, place=error.address, hint=error.hint)
        yield from of_problems((each for each in error.problems if isinstance(each, Problem)), group)
        return
    except FlowError as error:
        yield Finding(group, Level.ERROR, error.what, place=error.address, hint=error.hint)
        return
    inner = [node.component.graph for graph in graphs for _, node in nodes_of(graph)]
    for graph in (each for each in graphs if each not in inner):
        try:
            graph.validate()
        except GraphError:
            # Which has been said.
            continue
        found = list(misfits(settings, graph))
        yield from of_problems(found or doubts(settings, graph), group)

"""Checking graphs: what `validate` finds, and what may go wrong though they are valid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fbcore.errors import GraphError
from fbcore.model.flat import flatten
from fbcore.model.graph import Graph, NodeSpec
from fbcore.model.packet import NOTHING
from fbcore.model.problem import Problem
from fbcore.model.token import beginnings
from fbdev.check.circles import circles
from fbdev.check.finding import Finding, Level
from fbdev.check.joins import joins
from fbdev.run.option_name import option_name


def check_graph(graph: Graph) -> Iterator[Finding]:
    """Yield all that can be said about a graph before it runs; each finding knows in which composite it is."""
    group = f"graph {graph.name}"
    composites = [address for address, node in nodes_of(graph) if node.component.graph is not None]
    found = [*of_problems(_problems(graph), group), *dangers(graph, group)]
    for finding in (*found, *_as_machine(graph, group), *_asked_for(graph, group)):
        inside = [each for each in composites if finding.address.startswith(f"{each}.")]
        yield finding._replace(inside=max(inside, key=len, default=""))


def nodes_of(graph: Graph, prefix: str = "") -> Iterator[tuple[str, NodeSpec]]:
    """Yield the nodes of a graph by address, composites and what is in them included."""
    for node in graph.nodes.values():
        yield prefix + node.id, node
        if node.component.graph is not None:
            yield from nodes_of(node.component.graph, f"{prefix}{node.id}.")


def of_problems(problems: Iterable[Problem], group: str) -> Iterator[Finding]:
    """Yield what was found wrong in a graph."""
    for problem in problems:
        level = Level.ERROR if problem.is_error else Level.WARNING
        yield Finding(group, level, problem.what, problem.address, str(problem.place), problem.hint)


def dangers(graph: Graph, group: str) -> Iterator[Finding]:
    """Yield what may keep a valid net from running to a good end."""
    flat = flatten(graph)
    yield from circles(flat, group)
    yield from joins(flat, group)


def _problems(graph: Graph) -> list[Problem]:
    try:
        return graph.validate()
    except GraphError as error:
        return [problem for problem in error.problems if isinstance(problem, Problem)]


def _as_machine(graph: Graph, group: str) -> Iterator[Finding]:
    """Say of a state machine what it is, and where its token comes from."""
    if graph.token:
        states = len(flatten(graph).nodes)
        origin = next((address for address, _ in beginnings(graph)), "nowhere")
        yield Finding(group, Level.NOTE, f"is a state machine of {states} states; its token comes from {origin}")


def _asked_for(graph: Graph, group: str) -> Iterator[Finding]:
    """Say what every run must be given."""
    flat = flatten(graph)
    wanted = [edge.source[1] for edge in flat.edges if flat.values.get(edge.target) is NOTHING]
    configs = [name for name in graph.border("configs") if name in wanted]
    options = [f"{option_name(name, ())} ..." for name in configs]
    options += [f"--input {name}=..." for name in graph.border("inputs") if not graph.may_be_left_out(name)]
    if options:
        yield Finding(group, Level.NOTE, f"every run must give: {' '.join(options)}")

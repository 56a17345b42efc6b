"""Whether settings fit a graph: each address is of something in it, and no two of them contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from fbcore.errors import SettingsError
from fbcore.model.address import Place
from fbcore.model.flat import flatten
from fbcore.model.graph import Graph, NodeSpec
from fbcore.model.port_spec import PortKind
from fbcore.model.problem import Problem
from fbcore.orchestration.fitting_concurrency import doubts_of, misfits_of
from fbcore.orchestration.fitting_edges import doubts_of_edges, misfits_of_edges
from fbcore.orchestration.nearest import nearest
from fbcore.orchestration.pattern import matches
from fbcore.orchestration.said import Origin
from fbcore.orchestration.settings import NODE_SETTINGS, OF_FIRINGS, NetSettings, NodeSettings

_NOWHERE = Place("", 0)


def check_fit(settings: NetSettings, graph: Graph) -> None:
    """See to it that settings fit a graph.

    Raises:
        SettingsError: they do not; its `problems` are all that was found.
    """
    found = list(misfits(settings, graph))
    if found:
        many = f"{len(found)} problem{'' if len(found) == 1 else 's'}"
        raise SettingsError(f"the settings do not fit the graph {graph.name}: {many}", problems=found)


def misfits(settings: NetSettings, graph: Graph) -> Iterator[Problem]:
    """Yield what is wrong with settings for a graph."""
    sections = [settings, *settings.subnets.values(), *settings.nodes.values()]
    is_concurrent = any(section.concurrency for section in sections)
    if len(sections) == 1 and not is_concurrent and not settings.edges and "dead_letters" not in settings.said():
        return
    flat = flatten(graph)
    yield from misfits_of_edges(settings, graph, flat)
    nodes, composites = list(flat.nodes), list(_composites(graph))
    for address, subnet in settings.subnets.items():
        if not any(matches(address, each) for each in composites):
            yield _unknown(f'subnets."{address}"', address, "composite", subnet, composites, nodes)
    for address, node in settings.nodes.items():
        if not any(matches(address, each) for each in nodes):
            yield _unknown(f'nodes."{address}"', address, "node", node, nodes, composites)
        else:
            yield from _not_of_classes(f'nodes."{address}"', flat.nodes.get(address), node)
    for address in nodes:
        yield from _ties(settings, address)
    for address, spec in flat.nodes.items():
        with suppress(SettingsError):
            yield from _unkept(settings.origin(address, "dead_letters"), address, spec)
            if is_concurrent:
                yield from misfits_of(settings, address, spec)


def _unkept(origin: Origin, address: str, node: NodeSpec) -> Iterator[Problem]:
    """Yield why the dead letters of a node cannot be kept in a file."""
    if origin.value is None or not origin.value.file:
        return
    # Loaded here, for who keeps no letters in files needs none of it.
    from pathlib import Path

    from fbcore.formats.typed_types import why_unwritable

    for port in node.component.of(PortKind.INPUT):
        why = why_unwritable(port.type)
        if why is not None:
            what = f"its packets cannot be dead letters in a file: {why[0]}"
            hint = f'{why[1]}; or keep them in memory: dead_letters = "memory"'
            yield Problem(what, f"{address}.{port.name}", origin.place or _NOWHERE, hint)
    folder = Path(origin.value.file).parent
    if not folder.is_dir() or Path(origin.value.file).is_dir():
        what = f"there is no folder {folder}" if not folder.is_dir() else f"{origin.value.file} is a folder"
        yield Problem(f"its dead letters cannot be kept: {what}", address, origin.place or _NOWHERE, "name a file")


def doubts(settings: NetSettings, graph: Graph) -> Iterator[Problem]:
    """Yield what may go wrong with settings that fit a graph."""
    flat = flatten(graph)
    yield from doubts_of_edges(settings, flat)
    for address, node in flat.nodes.items():
        restart, end = settings.origin(address, "restart"), settings.origin(address, "end")
        in_threads = settings.origin(address, "timeout").value or settings.origin(address, "place").value != "here"
        if not in_threads:
            yield from doubts_of(settings.origin(address, "concurrency"), address, node)
        component, is_class = node.component, isinstance(node.component.target, type)
        if restart.value.when != "never" and is_class and not component.memories and not node.options.stateless:
            what = "what it keeps in its variables is lost when it is begun anew"
            hint = "keep it in a Memory: `seen: Memory[set[str]] = Memory(set)`; or say `stateless = True`"
            yield Problem(what, address, restart.place or _NOWHERE, hint, is_error=False)
        if end.value is not None and end.value.idle is not None and not list(component.of(PortKind.INPUT)):
            what = "it has no inputs, and so is never idle"
            yield Problem(what, address, end.place or _NOWHERE, "end it at a deadline", is_error=False)
        letters = settings.origin(address, "dead_letters")
        if letters.value is not None and is_class and restart.value.when == "never":
            what = "its first failure ends it, and what comes after that packet is unread"
            hint = 'have it begun anew: restart = "on failure"'
            yield Problem(what, address, letters.place or _NOWHERE, hint, is_error=False)
        if not is_class:
            yield from _of_firings(settings, address, node)


def _not_of_classes(said_of: str, spec: NodeSpec | None, said: NodeSettings) -> Iterator[Problem]:
    """Yield what is said of firings, of a node that is named and has none; a pattern means those that have."""
    if spec is None or not isinstance(spec.component.target, type):
        return
    for name in (*OF_FIRINGS, "concurrency"):
        if getattr(said, name):
            what = f"`{name}` is for the firings of functions, and {spec.component.title} is a class"
            hint = "say it of a function; a class has `restart`, and is itself what tries again, or waits"
            yield Problem(what, said_of, said.places.get(name, _NOWHERE), hint)


def _of_firings(settings: NetSettings, address: str, spec: NodeSpec) -> Iterator[Problem]:
    """Yield what may go wrong with policies of firings."""
    function, retry = spec.component.target, settings.origin(address, "retry")
    if retry.value is not None and retry.value.attempts > 1 and function.streams and not spec.options.buffered:
        what = "it is tried again until its first item has left, and not after that"
        hint = "let it send all its items at its end, `@component(buffered=True)`, if that is not enough"
        yield Problem(what, address, retry.place or _NOWHERE, hint, is_error=False)


def _composites(graph: Graph, prefix: str = "") -> Iterator[str]:
    for node in graph.nodes.values():
        if node.component.graph is not None:
            yield prefix + node.id
            yield from _composites(node.component.graph, f"{prefix}{node.id}.")


def _unknown(said_of: str, address: str, kind: str, said: NodeSettings, known: list[str], others: list[str]) -> Problem:
    place = next(iter(said.places.values()), _NOWHERE)
    if any(matches(address, each) for each in others) and kind == "node":
        hint = f'{address} is a composite: say it of its nodes, nodes."{address}.*", or in subnets."{address}"'
    elif any(matches(address, each) for each in others):
        hint = f'{address} is a node: say it in nodes."{address}"'
    elif address.partition(".")[0] in ("inputs", "outputs", "configs", "initial"):
        hint = "what lies outside the net has no settings"
    else:
        hint = nearest(address, known, f"its {kind}s")
    return Problem(f"the graph has no {kind} {address!r}", said_of, place, hint)


def _ties(settings: NetSettings, address: str) -> Iterator[Problem]:
    with suppress(SettingsError):
        settings.of(address)
        return
    for name in NODE_SETTINGS:
        try:
            settings.origin(address, name)
        except SettingsError as error:
            place = next(iter(settings.nodes.values() or settings.subnets.values())).places.get(name, _NOWHERE)
            yield Problem(error.what, address, place, error.hint)

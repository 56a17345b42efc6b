"""A scene as lines of text: the net, what can happen next, and what did."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from fbcore.net.trace import Move
from fbcore.runtimes.choice import Step
from fbdev.run.grid import fit
from fbdev.step.scene import ChoiceSight, EdgeSight, NodeSight, Scene
from fbdev.step.seen import seen

Piece = tuple[str, str]
"""Text, and the role that it plays: `name`, `muted`, `good`, `warn`, `bad`, `accent`, `value`, or none."""

BAR = 5
"""Characters of the bar that shows how full an edge is."""

_STATE = 12
"""Characters for the phase of a node, and for the bar and the count of an edge."""

_ROLES = {
    "created": "muted",
    "running": "accent",
    "receiving": "",
    "sending": "warn",
    "restarting": "warn",
    "ended": "good",
    "failed": "bad",
    "cancelled": "warn",
}

_STEPS = 1000
"""The last steps, which are listed."""

_PRINTED = 40
"""Lines that one step has printed, which are listed."""

_BAD_PHASES = ("failed",)


class Line(NamedTuple):
    """One line: pieces, what it is about (a key that its list knows, or ""), and whether it is lit up."""

    pieces: Sequence[Piece]
    key: str = ""
    is_lit: bool = False

    def text(self) -> str:
        """Return the line without its roles."""
        return "".join(text for text, _ in self.pieces).rstrip()


# -- the net -------------------------------------------------------------------------------------------


def net_lines(scene: Scene, width: int, folded: Collection[str] = (), filter: str = "") -> list[Line]:
    """Return a line for each node and, below it, one for each of its edges; composites are headings above theirs.

    Those in a `folded` composite are only counted. With a filter there are only nodes and edges whose address has
    that text in it, and what else belongs to them.
    """
    nodes = [node for node in scene.nodes if _fits(node, filter)]
    name_width = _name_width(nodes, width)
    lines: list[Line] = []
    headings: set[str] = set()
    for node in nodes:
        hidden = False
        for depth in range(1, len(node.path) + 1):
            composite = ".".join(node.path[:depth])
            if composite not in headings:
                headings.add(composite)
                if not hidden:
                    lines.append(_heading(composite, depth - 1, scene, is_folded=composite in folded))
            hidden = hidden or composite in folded
        if not hidden:
            lines += _node_lines(node, scene, name_width, width, filter)
    return lines


def _fits(node: NodeSight, filter: str) -> bool:
    wanted = filter.lower()
    return wanted in node.address.lower() or any(wanted in edge.address.lower() for edge in node.edges)


def _name_width(nodes: Sequence[NodeSight], width: int) -> int:
    longest = 8
    for node in nodes:
        depth = 2 * len(node.path)
        ways = (depth + 2 + cell_len(_way(edge, node)) for edge in node.edges)
        longest = max(longest, depth + cell_len(node.name), *ways)
    return min(longest, max(8, (width - 2 - _STATE) * 2 // 3))


def _way(edge: EdgeSight, node: NodeSight) -> str:
    """Write which way an edge goes, without the composite that both ends are in."""
    target = edge.target.removeprefix("".join(f"{each}." for each in node.path))
    return f"{edge.port} → {target}" if edge.port else f"→ {target}"


def _way_in(edge: EdgeSight, node: NodeSight, width: int) -> str:
    """Write which way an edge goes, where there is little room without the port that is known most easily."""
    whole = _way(edge, node)
    target = whole.rpartition("→ ")[2]
    without = f"→ {target}" if edge.is_sink else f"{edge.port} → {target.rpartition('.')[0]}".lstrip()
    return next((each for each in (whole, without) if cell_len(each) <= width), without)


def _heading(composite: str, depth: int, scene: Scene, *, is_folded: bool) -> Line:
    inside = [node for node in scene.nodes if node.address.startswith(f"{composite}.")]
    lying = sum(edge.fill for node in inside for edge in node.edges if not edge.is_sink)
    said = f"{len(inside)} nodes, {lying} packet{'' if lying == 1 else 's'}"
    failed = sum(node.phase in _BAD_PHASES for node in inside)
    pieces: list[Piece] = [
        ("  " + "│ " * depth + ("▸ " if is_folded else "▾ "), "muted"),
        (composite.rpartition(".")[2], "title"),
        (f"  {said}" if is_folded else "", "muted"),
        (f"  {failed} failed" if failed and is_folded else "", "bad"),
    ]
    addresses = {each for node in inside for each in (node.address, *(edge.address for edge in node.edges))}
    return Line(pieces, f"composite {composite}", is_folded and bool(addresses & scene.touched))


def _node_lines(node: NodeSight, scene: Scene, name_width: int, width: int, filter: str) -> Iterator[Line]:
    guide = "│ " * len(node.path)
    is_in_circle = node.address in scene.circle
    pieces: list[Piece] = [
        _marks(node.address, scene),
        (guide, "muted"),
        (fit(node.name, name_width - len(guide)), "bad" if is_in_circle else "name"),
        (" ", ""),
        (fit(node.phase, _STATE), "bad" if is_in_circle else _ROLES.get(node.phase, "")),
        (_cut(f" {node.hands}", width - name_width - _STATE - 3), "value"),
    ]
    yield Line(pieces, f"node {node.address}", node.address in scene.touched)
    whole = filter.lower() in node.address.lower()
    for edge in node.edges:
        if whole or filter.lower() in edge.address.lower():
            yield _edge_line(edge, node, scene, name_width, width)


def _edge_line(edge: EdgeSight, node: NodeSight, scene: Scene, name_width: int, width: int) -> Line:
    guide = "│ " * len(node.path)
    is_in_circle = edge.address in scene.circle
    way = "bad" if is_in_circle else "muted"
    bar, role = _bar(edge)
    pieces: list[Piece] = [
        _marks(edge.address, scene),
        (guide, "muted"),
        (fit(f"  {_way_in(edge, node, name_width - len(guide) - 2)}", name_width - len(guide)), way),
        (" ", ""),
        (fit(bar, _STATE), "bad" if is_in_circle else role),
        (_cut(f" {edge.values}", width - name_width - _STATE - 3), "value"),
    ]
    return Line(pieces, f"edge {edge.address}", edge.address in scene.touched)


def _cut(text: str, width: int) -> str:
    """Make a text so wide, with its end cut where it is too long."""
    return set_cell_size(text, width) if cell_len(text) <= width else f"{set_cell_size(text, max(0, width - 1))}…"


def _marks(address: str, scene: Scene) -> Piece:
    if address in scene.broken or any(each in scene.broken for each in address.split("->")):
        return ("● ", "bad")
    return ("▸ ", "accent") if address in scene.touched else ("  ", "")


def _bar(edge: EdgeSight) -> Piece:
    if edge.is_sink:
        return (f"{edge.fill} out", "good" if edge.fill else "muted")
    if edge.capacity is None:
        return (f"{edge.fill} of any", "" if edge.fill else "muted")
    full = round(BAR * edge.fill / edge.capacity) or bool(edge.fill)
    bar = "█" * full + "░" * (BAR - full)
    role = "bad" if edge.fill >= edge.capacity else "warn" if 2 * edge.fill >= edge.capacity else "good"
    return (f"{bar} {edge.fill}/{edge.capacity}", role if edge.fill else "muted")


# -- what can happen, and what did ---------------------------------------------------------------------


def choice_lines(scene: Scene, width: int) -> list[Line]:
    """Return a line for each thing that can happen next, and one for each timer that is not due yet."""
    names = [choice.name for choice in scene.choices]
    name_width = min(max([4, *map(cell_len, names)]), max(6, (width - 3) // 2))
    lines = [_choice_line(number, choice, name_width, width) for number, choice in enumerate(scene.choices, 1)]
    later = [(name, when) for name, when in scene.timers if name not in names]
    lines += [
        Line([("   ", ""), (fit(name, name_width), "muted"), (f"  rings at {when:g} s, not before others", "muted")])
        for name, when in later
    ]
    return lines


def _choice_line(number: int, choice: ChoiceSight, name_width: int, width: int) -> Line:
    role = {"timer": "warn", "blocked": "bad"}.get(choice.kind, "name")
    pieces: list[Piece] = [
        (f"{number if number < 10 else ' '} ", "muted"),
        (fit(choice.name, name_width), role),
        (f"  {choice.does}", "muted" if choice.does.startswith(("waits", "begins", "goes on")) else ""),
    ]
    return Line(pieces, f"choice {choice.name}")


def step_lines(scene: Scene) -> list[Line]:
    """Return a line for each step that was made, with what was printed in it, and for each that was taken back."""
    printed: dict[int, list[str]] = {}
    for number, text in scene.printed:
        printed.setdefault(number, []).append(text)
    before = max(0, len(scene.steps) - _STEPS)
    lines = [_printed(text) for text in printed.get(0, ())]
    if before:
        lines = [Line([(f"{before:,} steps before; g, step 1 goes there", "muted")])]
    for step in scene.steps[before:]:
        lines.append(_step_line(step, scene.doings[step.number - 1], is_last=step.number == len(scene.steps)))
        lines += _few(printed.get(step.number, []))
    first = len(scene.steps) + 1
    lines += [
        Line([(f"{number:>4}  ", "muted"), (name, "muted"), ("  taken back", "muted")], f"step {number}")
        for number, name in enumerate(scene.undone[:_STEPS], first)
    ]
    return lines


def _step_line(step: Step, did: str, *, is_last: bool) -> Line:
    pieces: list[Piece] = [
        (f"{step.number:>4}  ", "muted"),
        (f"{step.time:g} s  ", "muted"),
        (step.name, "name"),
        ("  " + "; ".join(map(_moved, step.moves)), "") if step.moves else (f"  {did}", "muted"),
    ]
    return Line(pieces, f"step {step.number}", is_last)


def _moved(move: Move) -> str:
    source, _, target = move.edge.partition("->")
    return f"{move.verb} {seen(move.value)} {f'to {target}' if move.verb == 'sent' else f'from {source}'}"


def _few(texts: Sequence[str]) -> list[Line]:
    """Return what was printed in one step, without the middle where it is long."""
    lines = [_printed(text) for text in texts]
    if len(lines) <= _PRINTED:
        return lines
    half = _PRINTED // 2
    between = Line([("      │ ", "muted"), (f"{len(lines) - 2 * half:,} lines more", "muted")])
    return [*lines[:half], between, *lines[-half:]]


def _printed(text: str) -> Line:
    return Line([("      │ ", "muted"), (text, "printed")])

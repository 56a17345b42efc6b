"""A packet with what it was made of, where it has been, and what was made of it."""

from collections.abc import Iterator
from pprint import pformat

from fbcore.errors import InputError
from fbcore.model.packet import PacketId
from fbcore.net.registry import PacketRegistry
from fbdev.step.lines import Line
from fbdev.step.seen import one_line, seen

_DEEPEST = 12
_MOST = 200


def lineage_lines(packets: PacketRegistry, ids: list[PacketId]) -> list[Line]:
    """Return a line for each packet and, below it, further in, one for each of those that it was made of."""
    lines: list[Line] = []
    for id in ids:
        lines += _with_parents(packets, id, 0, set())
        if len(lines) > _MOST:
            return [*lines[:_MOST], Line([("and more", "muted")])]
    return lines


def _with_parents(packets: PacketRegistry, id: PacketId, depth: int, above: set[PacketId]) -> Iterator[Line]:
    made = "made of " if depth else ""
    yield Line(
        [("   " * depth + made, "muted"), (f"{id}  ", "name"), (_value(packets, id), "value")],
        f"packet {id}",
    )
    if depth < _DEEPEST and id not in above:
        for parent in _parents(packets, id):
            yield from _with_parents(packets, parent, depth + 1, {*above, id})


def _parents(packets: PacketRegistry, id: PacketId) -> tuple[PacketId, ...]:
    try:
        return packets.parents(id)
    except InputError:
        # It is about to be sent.
        return ()


def _value(packets: PacketRegistry, id: PacketId) -> str:
    try:
        return seen(packets.value(id))
    except InputError:
        return "value not kept"


def packet_lines(packets: PacketRegistry, name: str, width: int) -> list[Line]:
    """Return all that is known of one packet: its value, where it is and was, and its kin."""
    try:
        packets.activities(name)
    except InputError:
        return [Line([(name, "title"), ("  is about to be sent", "muted")])]
    place = packets.in_flight().get(_identity(name))
    lines = [Line([(name, "title"), (f"  {'is at ' + place if place else 'is no more'}", "muted")])]
    try:
        text = pformat(packets.value(name), width=max(20, width - 4), sort_dicts=False)
    except InputError as error:
        text = error.what
    lines += [Line([(f"  {one_line(line)}", "value")]) for line in text.splitlines()[:_MOST]]
    lines.append(Line([]))
    for each in packets.activities(name):
        lines.append(Line([(f"{each.kind!s:<12} ", "muted"), (f"{each.origin} → {each.destination}", "")]))
    lines.append(Line([]))
    assumed = " (assumed: the last that its class received)" if packets.is_assumed(name) else ""
    lines.append(_kin(packets, f"made of{assumed}", packets.parents(name)))
    lines.append(_kin(packets, "ancestors", packets.ancestors(name)))
    lines.append(_kin(packets, "became", packets.children(name)))
    return lines


def _kin(packets: PacketRegistry, what: str, ids: "list[PacketId] | tuple[PacketId, ...]") -> Line:
    few = ", ".join(f"{id} ({_value(packets, id)})" for id in ids[:20]) or "nothing"
    return Line([(f"{what}: ", "muted"), (few + (", ..." if len(ids) > 20 else ""), "")])


def _identity(name: str) -> PacketId:
    place, _, number = name.rpartition("#")
    return PacketId(place, int(number))

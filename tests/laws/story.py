"""What became of every packet: as the reference tells it, as an observer saw it, and as the registry knows it."""

from __future__ import annotations

from typing import NamedTuple

Id = tuple[str, int]
"""Where a packet was born, and the how manieth it was there."""

OUTSIDE = "outside"


class Step(NamedTuple):
    """One thing that happened to a packet."""

    kind: str
    origin: str
    destination: str
    port: str


class Story:
    """The packets of one run: what each was made of, and what happened to it; `in_flight` says where it is still."""

    def __init__(self) -> None:
        self.parents: dict[Id, tuple[Id, ...]] = {}
        self.trails: dict[Id, list[Step]] = {}
        self.in_flight: dict[Id, str] = {}

    def born(self, id: Id, node: str, parents: tuple[Id, ...]) -> None:
        """Tell of a birth at an output, whose address is the node's where it is on the border."""
        assert id not in self.parents, f"{id} is born twice"
        self.parents[id] = tuple(sorted(parents))
        self.trails[id] = [Step("creation", OUTSIDE if id[0] == node else node, node, id[0])]

    def copied(self, id: Id, original: Id, node: str, port: str) -> None:
        """Tell of a copy that is made for one edge of a fan-out."""
        assert id not in self.parents, f"{id} is born twice"
        self.parents[id] = (original,)
        self.trails[id] = [Step("creation", node, node, port)]

    def moved(self, id: Id, origin: str, destination: str, port: str) -> None:
        """Tell of a movement, from a node onto an edge or from an edge into a node."""
        self.trails[id].append(Step("movement", origin, destination, port))

    def discarded(self, id: Id, node: str, port: str) -> None:
        """Tell that a packet went nowhere."""
        self.trails[id].append(Step("discard", node, OUTSIDE, port))

    def consumed(self, id: Id, node: str, port: str) -> None:
        """Tell that a packet is no more."""
        self.trails[id].append(Step("consumption", node, node, port))

    def end(self, held: dict[Id, str]) -> None:
        """Let every packet that came into a node, and is neither held there nor went on, count as consumed."""
        for id, trail in self.trails.items():
            kind, _, destination, port = trail[-1]
            if kind != "movement" or destination == OUTSIDE:
                continue
            if "->" in destination or id in held:
                self.in_flight[id] = destination
            else:
                self.consumed(id, destination, port)

    def ancestors(self, id: Id) -> set[Id]:
        """Return all that a packet was made of, by going through all packets until nothing is added."""
        return self._grown(set(self.parents[id]), lambda found: {p for each in found for p in self.parents[each]})

    def descendants(self, id: Id) -> set[Id]:
        """Return all that was made of a packet, in the same way."""
        return self._grown(
            self.children(id), lambda found: {child for child, of in self.parents.items() if found & {*of}}
        )

    def children(self, id: Id) -> set[Id]:
        """Return what was made of a packet directly."""
        return {child for child, of in self.parents.items() if id in of}

    def _grown(self, found, more):  # type: ignore[no-untyped-def]
        while not (grown := more(found)) <= found:
            found = found | grown
        return found

"""The story of a run as an observer saw it, told without the registry: by counting what entered and left each edge."""

from __future__ import annotations

from tests.laws.plan import PlannedEdge, Port, owner
from tests.laws.running import Run
from tests.laws.story import OUTSIDE, Id, Story


class Witness:
    """Tells the story of one watched run from what was sent, taken and discarded, in order.

    Only the components can say which packets they forwarded, and which parents they named: that is in the ledger.
    `births` are the packets that were born at the outputs of each node, in order.
    """

    def __init__(self, run: Run) -> None:
        assert run.watcher is not None
        self.run = run
        self.plan = run.plan
        self.story = Story()
        self.births: dict[str, list[Id]] = {}
        self._edges = {edge.address: edge for edge in run.plan.edges}
        self._on: dict[str, list[Id]] = {address: [] for address in self._edges}
        self._left = dict.fromkeys(self._edges, 0)
        self._early = dict.fromkeys(self._edges, 0)
        self._sent: dict[str, list[Id]] = {}
        self._taken: dict[Port, list[Id]] = {}
        for what, address in run.watcher.events:
            getattr(self, f"_{what}_event")(address)
        held = {}
        for name in run.result.held:
            node, _, port = name.rpartition(".")
            held[self._taken[node, port][-1]] = node
        self.story.end(held)

    def _sent_event(self, address: str) -> None:
        edge = self._edges[address]
        node, place, number = owner(edge.source), ".".join(edge.source), len(self._on[address])
        if number == len(self._sent.setdefault(place, [])):
            self._sent[place].append(self._leaving(node, edge.source))
        id = self._sent[place][number]
        if self._is_fan_out(edge):
            id, original = (address, number), id
            self.story.copied(id, original, node, place)
        self._on[address].append(id)
        self.story.moved(id, node, address, place)
        if edge.target[0] == "outputs":
            self.story.moved(id, address, OUTSIDE, ".".join(edge.target))
        elif self._early[address]:
            self._early[address] -= 1
            self._taken_event(address)

    def _leaving(self, node: str, source: Port) -> Id:
        """Return the packet that leaves an output now: one that is born, or one that goes on."""
        place = ".".join(source)
        number = len(self._sent[place])
        if number in self.run.ledger.forwarded.get(place, ()):
            return self._taken[node, "value"][-1]
        id = (place, number)
        self.story.born(id, node, self._parents(node, id))
        self.births.setdefault(node, []).append(id)
        if len(self.plan.edges_from(source)) > 1:
            self.story.consumed(id, node, place)
        return id

    def _parents(self, node: str, id: Id) -> tuple[Id, ...]:
        declared = self.run.ledger.declared.get(id[0], {}).get(id[1])
        if declared:
            return tuple(self._taken[node, "value"][-declared:])
        planned = next((each for each in self.plan.nodes if each.id == node), None)
        ports = self.plan.inlets(planned) if planned else ()
        return tuple(self._taken[node, port][-1] for port in ports if (node, port) in self._taken)

    def _is_fan_out(self, edge: PlannedEdge) -> bool:
        return len(self.plan.edges_from(edge.source)) > 1

    def _taken_event(self, address: str) -> None:
        edge = self._edges[address]
        if self._left[address] == len(self._on[address]):
            # A config or signal takes what comes while it is being sent.
            self._early[address] += 1
            return
        id = self._on[address][self._left[address]]
        self._left[address] += 1
        self._taken.setdefault(edge.target, []).append(id)
        self.story.moved(id, address, edge.target[0], ".".join(edge.target))

    def _discarded_event(self, address: str) -> None:
        node, _, port = address.rpartition(".")
        if self.plan.edges_from((node, port)):
            # Nobody takes any more: it did not become a packet.
            return
        sent = self._sent.setdefault(address, [])
        sent.append(self._leaving(node, (node, port)))
        self.story.discarded(sent[-1], node, address)

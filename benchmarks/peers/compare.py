"""The chain of ours beside that of each peer, in turn, both pinned to the same core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.case import Case, Effort, Measurement, cpu_seconds, speed
from benchmarks.chain import HOPS, NODES, chain
from benchmarks.child import printed_by
from benchmarks.peers.environment import PeerError, python_of

PACKETS = 20_000
"""How many pass our chain of classes, which every peer is compared with."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another package that can do the chain: how many packets pass its own, and how many times as fast we aim to be."""

    name: str
    version: str
    packets: int
    at_least: float | None = None
    batch: int = 1

    @property
    def title(self) -> str:
        """Name, version, and how it was driven."""
        return f"{self.name} {self.version}{f', in batches of {self.batch}' if self.batch > 1 else ''}"


# As many packets as each needs for about a second: none but netrun and fbdev depends on their number.
PEERS = (
    Peer("fbdev", "0.0.5", 1_000, at_least=150),
    Peer("netrun", "0.5.0", 200),
    Peer("reactivex", "6.1.0", 50_000),
    Peer("bytewax", "0.21.1", 20_000),
    Peer("bytewax", "0.21.1", 100_000, batch=64),
)


def beside(peer: Peer) -> Measurement:
    """Measure our chain of classes against a peer's."""
    name = f"chain of {NODES} classes, beside {peer.title}"

    def measure(effort: Effort) -> Iterator[Case]:
        try:
            python = python_of(peer.name)
        except PeerError as error:
            yield Case(name, None, "hops/CPU-s", peer.title, note=str(error))
            return
        count = effort.packets(PACKETS)
        ours = chain(count, 64)
        ours()
        # Isolated, or this tree's fbdev would be imported instead of the one that is installed there.
        program = ["-I", str(Path(__file__).with_name(f"chain_{peer.name}.py")), str(effort.packets(peer.packets))]
        program += [str(peer.batch)] * (peer.batch > 1)

        def their_hop() -> float:
            return 1 / float(printed_by(program, python=python))

        yield speed(name, lambda: cpu_seconds(ours) / count / HOPS, their_hop, peer.title, peer.at_least, effort)

    return Measurement(name, measure)


def measurements() -> Iterator[Measurement]:
    """Yield a measurement for each peer."""
    return map(beside, PEERS)

"""The chain in netrun: print how many hops it makes in a second of CPU time."""

import asyncio
import itertools
import sys
import time

from netrun.net._net import Net
from netrun.net.config import EdgeConfig, GraphConfig, NetConfig, NodeConfig

NODES = 10
FACTORY = "netrun.node_factories.from_function"


def pass_on(come: int) -> int:
    """Send on what comes; the first one is the source, into which values are put from outside."""
    return come


def chain(take):
    """Return a graph of a source, pass-through nodes and a sink."""
    names = ["source", *(f"pass_{number}" for number in range(NODES)), "sink"]
    nodes = [
        NodeConfig.from_factory(FACTORY, {"func": take if name == "sink" else pass_on}, name=name) for name in names
    ]
    edges = [
        EdgeConfig(source_node=a, source_port="out", target_node=b, target_port="come")
        for a, b in itertools.pairwise(names)
    ]
    return NetConfig(graph=GraphConfig(nodes=nodes, edges=edges))


async def run(count):
    """Run the chain to the last packet, and return the CPU seconds that took, without building and stopping it."""
    taken = []

    def sink(come: int):
        taken.append(come)

    async with Net(chain(sink)) as net:
        before = time.process_time()
        net.inject_data("source", "come", list(range(count)))
        await net.run_until_blocked()
        seconds = time.process_time() - before
    assert sorted(taken) == list(range(count))
    return seconds


if __name__ == "__main__":
    packets = int(sys.argv[1])
    asyncio.run(run(packets // 10 + 1))
    print(packets * (NODES + 1) / asyncio.run(run(packets)))

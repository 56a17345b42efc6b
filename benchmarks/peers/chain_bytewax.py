"""The chain in bytewax, on one worker: print how many hops it makes in a second of CPU time.

`python chain_bytewax.py PACKETS [BATCH]`: how many items its source gives at a time, 1 by default.
"""

import sys
import time

from bytewax import operators
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import TestingSource, run_main

NODES = 10


class Counting(StatelessSinkPartition):
    """Counts what comes."""

    taken = 0

    def write_batch(self, items):
        """Count a batch of items."""
        Counting.taken += len(items)


class Sink(DynamicSink):
    """Takes everything."""

    def build(self, step_id, worker_index, worker_count):
        """Make the part of the sink that belongs to a worker."""
        return Counting()


def run(count, batch):
    """Run the chain to the last item, and return the CPU seconds that took."""
    flow = Dataflow("chain")
    stream = operators.input("source", flow, TestingSource(range(count), batch_size=batch))
    for number in range(NODES):
        stream = operators.map(f"pass_{number}", stream, lambda item: item)
    operators.output("sink", stream, Sink())
    Counting.taken = 0
    before = time.process_time()
    run_main(flow)
    seconds = time.process_time() - before
    assert Counting.taken == count
    return seconds


if __name__ == "__main__":
    packets, size = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    run(packets // 10 + 1, size)
    print(packets * (NODES + 1) / run(packets, size))

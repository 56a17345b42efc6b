"""The chain in reactivex, which pushes each item through all of it by plain calls: print its hops in a CPU second."""

import sys
import time

import reactivex
from reactivex import operators

NODES = 10


def run(count):
    """Run the chain to the last item, and return the CPU seconds that took."""
    taken = 0

    def take(_):
        nonlocal taken
        taken += 1

    chain = reactivex.from_iterable(range(count)).pipe(*[operators.map(lambda item: item) for _ in range(NODES)])
    before = time.process_time()
    chain.subscribe(take)
    seconds = time.process_time() - before
    assert taken == count
    return seconds


if __name__ == "__main__":
    packets = int(sys.argv[1])
    run(packets // 10 + 1)
    print(packets * (NODES + 1) / run(packets))

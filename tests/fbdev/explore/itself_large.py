"""Every order of the nets that are too large for the suite: `make itself`, which takes an hour, say.

Names of nets as arguments choose some of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from fbdev.explore import Budget, explore
from tests.fbdev.explore.itself import ItselfScene
from tests.fbdev.explore.itself_awkward import LARGE_AWKWARD
from tests.fbdev.explore.itself_laws import End, allowed_ends, check_end, check_state, end_of
from tests.fbdev.explore.itself_nets import LARGE

NAMES = (*LARGE, *LARGE_AWKWARD)


def every_order(name: str) -> tuple[bool, str]:
    """Make every order of a net; say whether all is well, and what was seen."""
    ends: set[End] = set()

    def at_end(seen: Any) -> None:
        check_end(seen)
        ends.add(end_of(seen))

    scene = ItselfScene(LARGE[name] if name in LARGE else LARGE_AWKWARD[name][0])
    budget = Budget(seconds=None, memory=None)
    result = explore(scene, search="every", invariant=check_state, at_end=at_end, budget=budget)
    if result.failure is not None:
        return False, f"{name}: {result}\n{result.failure.trace}"
    if name in LARGE:
        wrong = ends ^ allowed_ends(LARGE[name])
    else:
        wrong = {end for end in ends if (end.outcome, end.outputs[0][1]) not in LARGE_AWKWARD[name][1]}
    said = f"{name}: {result.executions:,} orders, {result.steps:,} steps, {len(ends)} ends"
    return not wrong, f"{said}; wrong: {wrong}" if wrong else said


def main(names: Sequence[str]) -> int:
    """Go through the nets, as many at once as there are processors."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"there is no net {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    is_well = True
    with ProcessPoolExecutor() as pool:
        for each in as_completed([pool.submit(every_order, name) for name in names or NAMES]):
            is_good, said = each.result()
            is_well = is_well and is_good
            print(said, flush=True)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

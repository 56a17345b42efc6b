"""The standard problems, as the same asyncio code, explored by frontrun: prints a line of JSON for each.

Run by frontrun's own environment, isolated; it imports nothing of this repository but the problems, by their path.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any


def problems() -> Any:
    """Load the problems."""
    path = Path(__file__).parent.parent / "asyncio_problems.py"
    spec = importlib.util.spec_from_file_location("asyncio_problems", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.PROBLEMS


async def explored(problem: Any, *, is_mended: bool) -> tuple[str, int]:
    """Return frontrun's verdict, and how many executions it made."""
    import frontrun

    result = await frontrun.explore(
        setup=lambda: problem.begin(is_mended=is_mended),
        workers=list(problem.tasks.values()),
        invariant=problem.holds,
        clock="explored",
        deadlock_timeout=1.0,
        timeout_per_run=2.0,
        total_timeout=5.0,
        reproduce_on_failure=0,
    )
    return ("holds" if result.property_holds else "bug"), result.num_explored


def main() -> None:
    """Explore them all."""
    for problem in problems():
        for is_mended in (False, True):
            before = time.process_time()
            try:
                verdict, executions = asyncio.run(explored(problem, is_mended=is_mended))
            except Exception as error:
                verdict, executions = f"{type(error).__name__}: {error}".splitlines()[0][:120], 0
            seconds = time.process_time() - before
            said = {"name": problem.name, "is_mended": is_mended, "verdict": verdict}
            print(json.dumps(said | {"executions": executions, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()

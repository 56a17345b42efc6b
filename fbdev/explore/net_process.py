"""A net among coroutines: it runs on their loop, a turn of a node being a step as any other."""

from __future__ import annotations

from typing import Any

from fbcore.runtimes.batch import BatchRuntime
from fbdev.explore.net_scene import NetScene
from fbdev.explore.words import ExploreError


async def run_net(scene: NetScene) -> Any:
    """Run the net of a scene; its result is what came out.

    Raises:
        ExploreError: its outcome is none that is allowed.
    """
    result = await BatchRuntime(scene.graph).arun(inputs=scene.inputs, raises=False, **scene.configs)
    if result.outcome not in scene.allowed:
        why = f"{result.errors[0].address}: {result.errors[0].what}" if result.errors else result.reason
        raise ExploreError(f"the net is {result.outcome}: {why}", scene.graph.name)
    return {name: result.outputs[name] for name in result.outputs}

"""Runs processes under every order of their steps, and says what can go wrong, or that nothing can."""

from fbdev.explore.budget import Budget
from fbdev.explore.execution import Execution
from fbdev.explore.explorer import explore, replay
from fbdev.explore.hooks import Hooks
from fbdev.explore.net_scene import NetScene
from fbdev.explore.nets import Played
from fbdev.explore.progress import Progress
from fbdev.explore.result import Result
from fbdev.explore.scene import Scene
from fbdev.explore.shared import Lock, Shared
from fbdev.explore.spawn import Waiter, spawn
from fbdev.explore.verdict import VerdictKind
from fbdev.explore.words import Access, Blocked, ExploreError

__all__ = [
    "Access",
    "Blocked",
    "Budget",
    "Execution",
    "ExploreError",
    "Hooks",
    "Lock",
    "NetScene",
    "Played",
    "Progress",
    "Result",
    "Scene",
    "Shared",
    "VerdictKind",
    "Waiter",
    "explore",
    "replay",
    "spawn",
]

"""What is known of a node before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fbcore.orchestration.settings import NodeSettings


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A node that is about to be made: its address, its component, and the settings that hold for it.

    `component` is the class, or the decorated function, that was added to the graph.
    """

    address: str
    component: Any
    settings: NodeSettings

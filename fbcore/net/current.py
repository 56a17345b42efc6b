"""Whose code runs."""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING

from fbcore.model.log import forget_given
from fbcore.net.crew import current_hand

if TYPE_CHECKING:
    from fbcore.net.node import Node

current_node: ContextVar[Node | None] = ContextVar("current_node", default=None)
"""The node whose code runs; inherited by the tasks, timers and callbacks that it makes."""


def context_for(node: Node) -> Context:
    """Return a copy of the caller's context in which this node is the current one."""
    context = copy_context()
    context.run(_become, node)
    return context


def _become(node: Node) -> None:
    current_node.set(node)
    # A net that is run by a node of another is on its own: it has neither the packets nor the name of that node.
    current_hand.set(None)
    forget_given()

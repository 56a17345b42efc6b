"""A node for which somebody decides what happens when it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fbcore.errors import NodeError, SettingsError, shown
from fbcore.net.failure import node_error
from fbcore.net.net import Net
from fbcore.net.node import Node

Reaction = Literal["fail", "end"]
"""What follows when a node has failed: the net fails, or the node alone ends."""


@dataclass(frozen=True, slots=True)
class NodeFailure:
    """A node that has failed: its address, the error, and what its policies say to do about it."""

    address: str
    error: NodeError
    policy: Reaction = "fail"


class SupervisedNode(Node):
    """A node that asks what is to happen when it has failed."""

    __slots__ = ("_react",)

    def __init__(self, net: Net, address: str, component: str, react: Callable[[NodeFailure], Reaction]) -> None:
        super().__init__(net, address, component)
        self._react = react

    def give_up(self, error: BaseException) -> None:
        """Fail the net, or end alone, as is decided."""
        failure = node_error(error, self.address, self.in_hand())
        if self._decide(failure) == "fail":
            super().give_up(error)
            return
        self.note_hands()
        self._tell_at_once("failed")
        self.net.errors.append(failure)

    def _decide(self, failure: NodeError) -> Reaction:
        reaction: object = None
        try:
            reaction = self._react(NodeFailure(self.address, failure))
            if reaction in ("fail", "end"):
                return reaction
            raise SettingsError(f"`react` returned {shown(reaction)}", self.address, 'return "fail" or "end"')
        except Exception as error:
            self.net.node_failed(self, node_error(error, self.address, {}))
        return "fail"

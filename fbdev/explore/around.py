"""What a user hangs on the executions of a net: a sentinel, hooks, and objects of which each node has a state."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Sequence
from typing import TYPE_CHECKING, Any

from fbcore.runtimes.choice import BLOCKED
from fbcore.runtimes.stepping import Stepping
from fbdev.explore.generator_process import Swapped
from fbdev.explore.program import Program
from fbdev.explore.reading import Reader
from fbdev.explore.scene import check_generator
from fbdev.explore.words import Finished, Step

if TYPE_CHECKING:
    from fbdev.explore.nets import NetExecution, Played


class _Holder:
    """What the swapped objects hold for one node."""

    def __init__(self) -> None:
        self.held: list[dict[str, Any]] = []


class Around:
    """The sentinel, hooks and swapped objects of one execution."""

    def __init__(self, program: Program, played: Played, context: Sequence[Any], stepping: Stepping) -> None:
        self._hooks = program.hooks
        self._make_sentinel = program.sentinel
        self._played = played
        self._stepping = stepping
        self._sentinel: Generator[Any, Any, Any] | None = None
        self._swapped = Swapped(context) if context else None
        self._holders: dict[str, Any] = {}
        self._context = context
        self._live: list[str] = []
        self.is_empty = not (program.hooks or program.sentinel)

    def begin(self, execution: NetExecution) -> None:
        """Begin with an execution whose net has begun."""
        nodes = self._stepping.net.nodes
        if self._swapped is not None:
            for address in ("", *(node.address for node in nodes)):
                self._holders[address] = _Holder()
                self._swapped.admit(self._holders[address])
        if self._make_sentinel is not None:
            self._sentinel = self._make_sentinel(self._played)
            check_generator(self._sentinel, "sentinel")
            execution.sentinel_error = self._advance(None)
        if self._hooks:
            self._live = [node.address for node in nodes]
            self._hooks.begin(execution)
            for address in self._live:
                self._hooks.created(execution, address)

    def before(self, name: str) -> str:
        """Prepare for a step, and return the address of its node."""
        stepping = self._stepping
        node = stepping.node_of(name) if name != BLOCKED or not stepping.is_blocked else None
        address = node.address if node is not None else ""
        if self._swapped is not None:
            self._swapped.to(self._holders[address])
        return address

    def after(self, execution: NetExecution, name: str, step: Step) -> Exception | None:
        """Let everybody look after a step; return what the sentinel raised."""
        error = self._advance(execution.state) if self._sentinel is not None else None
        if self._hooks:
            self._hooks.step(execution, name, step)
            ended = {node.address for node in self._stepping.net.nodes if node.ended}
            for address in [each for each in self._live if each in ended]:
                self._live.remove(address)
                self._hooks.ended(execution, address, Finished(execution.state.get(address)))
        return error

    def _advance(self, state: Any) -> Exception | None:
        assert self._sentinel is not None
        try:
            self._sentinel.send(state)
        except StopIteration:
            self._sentinel = None
        except Exception as error:
            return error
        return None

    def key(self) -> Hashable:
        """Return what there is of it to the state: how far the sentinel has come, and what each node's objects hold."""
        if self._sentinel is None and self._swapped is None:
            return None
        reader = Reader()
        reader.skip(self._played)
        reader.add(self._sentinel)
        if self._swapped is not None:
            self._swapped.keep()
            for address, holder in self._holders.items():
                reader.tokens(address)
                for held in holder.held:
                    reader.add(held)
        return reader.value()

    def end(self, execution: NetExecution) -> None:
        """End with an execution that is closed."""
        if self._hooks:
            self._hooks.end(execution)
        if self._sentinel is not None:
            self._sentinel.close()
        if self._swapped is not None:
            self._swapped.to(_first(self._swapped))


def _first(swapped: Swapped) -> Any:
    holder: Any = _Holder()
    swapped.admit(holder)
    return holder

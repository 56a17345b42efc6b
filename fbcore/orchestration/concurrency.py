"""Several firings of one function at once: a node with a hand for each, and what takes packets for them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from fbcore.errors import NodeError, PortError, shown
from fbcore.model.function import FunctionComponent
from fbcore.model.options import Options
from fbcore.model.packet import Packet, PacketId
from fbcore.net.crew import Crew, Hand, by_port, current_hand
from fbcore.net.in_port import Taken
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.orchestration.feeding import Fed
from fbcore.orchestration.firings import Execution, PolicedFiring
from fbcore.orchestration.keyed_memory import KeyedMemory
from fbcore.orchestration.keys import Keys
from fbcore.orchestration.policy import Concurrency
from fbcore.orchestration.settings import NodeSettings
from fbcore.orchestration.supervised import SupervisedNode


def concurrency_of(component: Any, settings: NodeSettings) -> Concurrency | None:
    """Return the concurrency of a node, where several firings may go on at once, or each key has its own memory."""
    policy = settings.concurrency
    if not isinstance(policy, Concurrency) or not isinstance(component, FunctionComponent):
        return None
    return policy if policy.most > 1 or policy.key is not None else None


_THE_LINE = object()
"""The one line of a node whose firings all keep their order."""


class ConcurrentNode(SupervisedNode):
    """A node whose firings go on at once, so that it holds the packets of each."""

    __slots__ = ("crew",)

    def __init__(self, net: Net, address: str, component: str, concurrency: Concurrency, *policies: Any) -> None:
        super().__init__(net, address, component, *policies)
        self.crew: Crew = Crew(self, concurrency.most, serial=concurrency.key is not None)

    # -- what it holds -----------------------------------------------------------------------------

    def in_hand(self) -> dict[str, Any]:
        """Return the packets of all firings, and what was taken for the next one, by port: `url`, `url#2`, ..."""
        own = super().in_hand()
        taken = [*self.crew.taken(), *(self.ins[name].peek_hand() for name in own)]
        return by_port(taken) if len(taken) > len(own) else own

    def held_by(self, error: BaseException) -> dict[str, Any]:
        """Return the packets of the firing that an error has left; else those that were taken for the next one."""
        return by_port(taken for hand in self.crew.concerned(error) for taken in hand.taken)

    def parents(self) -> tuple[PacketId, ...]:
        """Return the packets that the firing which runs was begun with."""
        hand = current_hand.get()
        return super().parents() if hand is None else hand.parents

    def let_go(self) -> None:
        """Have nothing in hand any more for the firing that runs; outside of one, for those that have failed."""
        hand = current_hand.get()
        if hand is not None:
            for taken in hand.taken if self.feed is not None else ():
                self._done_with(taken)
            hand.taken = ()
            return
        super().let_go()
        self.crew.let_go()

    def _done_with(self, taken: Taken) -> None:
        """Tell that a firing is done with a packet, where that is of a dead letter which was fed back."""
        fed = self.feed.letter_of(taken) if self.feed is not None else None
        if fed is not None:
            fed.is_done_at(taken.port.name)

    def _give_up_letters(self) -> list[Fed]:
        """Return the dead letters that were fed back and that the firing which runs is about."""
        hand = current_hand.get()
        return super()._give_up_letters() if hand is None else self._letters_of(hand)

    def _letters_of(self, hand: Hand) -> list[Fed]:
        letters = [self.feed.letter_of(taken) for taken in hand.taken] if self.feed is not None else []
        return list(dict.fromkeys(filter(None, letters)))

    def give_away(self, packet: Packet[Any]) -> None:
        """Have a packet in hand no more, for it went on as it was."""
        hand = current_hand.get()
        if hand is not None:
            hand.taken = [each for each in hand.taken if each.id != packet.id or each.value is not packet.value]

    def note_hands(self) -> None:
        """Write down what the node holds: packets of all firings, and results that could not leave yet."""
        if not self.held and not self.unsent:
            super().note_hands()
            for port, value in self.crew.sent():
                self.unsent.setdefault(port, []).append(value)

    async def is_taken(self, cause: BaseException) -> bool:
        """Act on a failure of one firing, where that can be done.

        When the others have ended with it, their packets go back to their edges.
        """
        taken = await super().is_taken(cause)
        if taken and not self.tasks.are_busy:
            self.crew.give_back()
        return taken

    def _release_hands(self, held: str, error: NodeError) -> None:
        """Put the packets of what has failed to the dead letters, or drop and count them; return all others.

        Where nothing has failed, as at a deadline, they are those of all firings.
        """
        for hand in self.crew.concerned(error.cause) if held != "return" else ():
            if held == "drop":
                self._drop(hand)
            # Where they cannot be kept, they are not lost.
            if held == "drop" or self._is_put_aside(hand, error):
                hand.taken = ()
        self.crew.give_back()

    def _is_put_aside(self, hand: Hand, error: NodeError) -> bool:
        again, values = self._letters_of(hand), by_port(hand.taken)
        return self.box.put_again(again, values, error) if again else self.box.put(error, values)

    def _drop(self, hand: Hand) -> None:
        for taken in hand.taken:
            address = taken.port.address
            self.net.dropped[address] = self.net.dropped.get(address, 0) + 1
            self.net.watching.packet("dropped", address, taken.value)

    async def tell_executed(self) -> None:
        """Say that a firing is over: it is done with its packets, whatever the others do."""
        self.let_go()
        await super().tell_executed()


class ConcurrentFiring(PolicedFiring):
    """Takes packets, and begins a firing for them without waiting for its end, as long as fewer than `most` go on."""

    def __init__(
        self, node: Node, component: FunctionComponent[..., Any, Any], options: Options, settings: NodeSettings
    ) -> None:
        policy = concurrency_of(component, settings)
        assert isinstance(node, ConcurrentNode)
        assert policy is not None
        self._crew = node.crew
        self._line_of = _line_of(node, component, policy)
        keys, specs = Keys(node, policy.keys), component.spec.memories
        if policy.key is not None:
            # Before the function is bound to them.
            node.memories.update({name: KeyedMemory(node, specs[name], keys) for name in node.memories})
        super().__init__(node, component, options, settings)
        if policy.keys is not None and node.memories:
            node.crew.hears = keys
            node.policies = [*node.policies, keys]

    def _is_plain(self) -> bool:
        return False

    async def _run(self) -> None:
        await self._crew.run(super()._run)

    async def _fire(self, values: Sequence[Any]) -> None:
        """Begin a firing, and return when another one may be begun."""
        held = {name: port.last for name, port in self.node.ins.items() if port.is_in_hand}
        try:
            line = self._line_of(values)
        except Exception as error:
            await self._failed(error, held)
            return
        execution = Execution(self, values, held)
        execution.send = self._send_in_turn
        await self._crew.take_on(line, partial(self._fire_once, execution))

    async def _send_in_turn(self, value: Any) -> None:
        """Send a result when those of the firings before this one have left."""
        hand, sends = current_hand.get(), self._by_port(value)
        if hand is not None and sends:
            hand.sends = sends
            await self._crew.turn(hand)
            self._crew.check()
            hand.sends = {}
        await self._send(value)

    def _by_port(self, value: Any) -> dict[str, Any]:
        """Return a result by the ports that it will leave by."""
        if self.component.unpack and value is not None:
            fields = {name: getattr(value, name) for name in self.outs}
            return {name: field for name, field in fields.items() if field is not None}
        is_sent = self.out is not None and (value is not None or self.component.streams)
        return {"out": value.value if isinstance(value, Packet) and self.packets else value} if is_sent else {}

    async def _failed(self, error: BaseException, values: dict[str, Any]) -> None:
        """Act on a failure when the results of the firings before this one have left."""
        hand: Hand | None = current_hand.get()
        if hand is not None:
            await self._crew.turn(hand)
        await super()._failed(error, values)


def _line_of(
    node: Node, component: FunctionComponent[..., Any, Any], policy: Concurrency
) -> Callable[[Sequence[Any]], Hashable]:
    """Return a function of a firing's values that names those with which it keeps its order."""
    if policy.key is None:
        line = _THE_LINE if policy.order == "ordered" else None
        return lambda values: line
    if isinstance(policy.key, str):
        names = [name for name in component.spec.ports if name in node.ins]
        place = names.index(policy.key)
        return lambda values: _key(node, _plain(values[place]))
    key = policy.key
    return lambda values: _key(node, key(*map(_plain, values)))


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Packet) else value


def _key(node: Node, key: Any) -> Hashable:
    """Return a key, as the name of a line; in a tuple, for None would name none.

    Raises:
        PortError: it cannot be one.
    """
    try:
        hash(key)
    except TypeError:
        hint = "give a key that can be one of a dict: a text, a number, a tuple of these"
        raise PortError(f"{shown(key)} is no key of a firing", node.address, hint) from None
    return (key,)

"""Watching a net: the only way to see it run, and free of cost while nobody does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fbcore.errors import InputError, NodeError, shown
from fbcore.model.letter import DeadLetter
from fbcore.model.packet import Packet
from fbcore.net.log import NetLog
from fbcore.net.report import Result

if TYPE_CHECKING:
    from fbcore.net.view import NetView

log = logging.getLogger("fbcore")

Over = Callable[[BaseException | None], None]
"""What is called when a firing that somebody watches is over, with the error that it raised, or None."""


class Observer:
    """Base of whoever wants to see a net run; override what you want to hear of.

    The methods are called on the net's loop, between the turns of nodes, and must return quickly. Overriding
    `packet` makes every packet take the slow path, `firing` every function fire for one packet at a time, and
    `fired` costs a microsecond for each firing; the others cost nothing to speak of. An observer that raises is
    reported on the log and hears nothing more.

    Example:
        class Trace(Observer):
            def packet(self, what: str, address: str, value: object) -> None:
                print(value, what, address)

        @component
        def double(number: int) -> int:
            return 2 * number

        result = BatchRuntime(double).run(inputs={"number": 21}, observers=[Trace()])
        #> 21 sent inputs.number->double.number
        #> 21 taken inputs.number->double.number
        #> 42 sent double.out->outputs.out
    """

    def begun(self, net: NetView) -> Observer | None:
        """Hear that a net begins, and look at it while it runs; an observer that is returned hears the rest.

        So one observer of many nets can have one of its own for each.
        """
        return None

    def node(self, address: str, phase: str) -> None:
        """Hear that a node is in another phase: running, receiving, sending, restarting, ended, failed or cancelled."""

    def packet(self, what: str, address: str, value: Any) -> None:
        """Hear that a packet was `sent` onto an edge, `taken` from one, or `discarded` at an output.

        By policies of its node one that was taken may be `returned` to its edge, or `dropped` at its port; by those of
        an edge one that lies there may be `dropped`, or `expired`.
        """

    def firing(self, address: str, packets: Sequence[Packet[Any]]) -> Over | None:
        """Hear that a function is about to be called, with these packets, the signal `execute` among them.

        A retry is another call. What is returned is called when that call is over, with the error that it raised, or
        None. Both are called in the context (`contextvars`) in which the function runs.
        """
        return None

    def fired(self, address: str, seconds: float, error: BaseException | None) -> None:
        """Hear that a call of a function is over, how long it took, and what it raised.

        Of a function that yields, until its last item has left. On a stepped loop seconds are of its virtual time.
        """

    def notice(self, address: str, text: str) -> None:
        """Hear something that a person should know: a slow turn, or a net that has not moved for long."""

    def retried(self, address: str, error: NodeError, attempt: int, delay: float) -> None:
        """Hear that an attempt of a firing, counted from 1, has failed, and in so many seconds another is made."""

    def restarted(self, address: str, error: NodeError | None, delay: float) -> None:
        """Hear that a node is begun anew after so many seconds, for it has failed, or (without an error) has ended."""

    def released(self, address: str, reason: str) -> None:
        """Hear that a policy ends a node, and why."""

    def dead_letter(self, letter: DeadLetter) -> None:
        """Hear that packets were put to the dead letters, for nobody could process them."""

    def ended(self, result: Result) -> None:
        """Hear how the net ended."""


_EVENTS = (
    *("begun", "node", "packet", "firing", "fired", "notice"),
    *("retried", "restarted", "released", "dead_letter", "ended"),
)


class Watching:
    """Tells observers.

    `wants_packets`, `wants_nodes`, `wants_firings` and `wants_fired` say whether anybody wants to hear of these.
    """

    def __init__(self, observers: list[Observer], net_log: NetLog) -> None:
        self._log = net_log
        for each in observers:
            if not any(hasattr(each, name) for name in _EVENTS):
                raise InputError(f"{shown(each)} is no observer", "observers", "derive a class from Observer")
        self._observers = observers
        self._heard: dict[str, list[Callable[..., Any]]] = {name: [] for name in _EVENTS}
        self._hear(observers)

    def _hear(self, observers: list[Observer]) -> None:
        for name, hearers in self._heard.items():
            hearers[:] = _overriding(observers, name)
        self.wants_nodes = bool(self._heard["node"])
        self.wants_packets = bool(self._heard["packet"])
        self.wants_firings = bool(self._heard["firing"])
        self.wants_fired = bool(self._heard["fired"])
        self._fired = tuple(self._heard["fired"])

    def begun(self, view: Callable[[], NetView]) -> None:
        """Tell that the net begins, before anything has moved, and take in who wants to hear of it from now on."""
        if not self._heard["begun"]:
            return
        net, observers = view(), []
        for each in self._observers:
            try:
                other = each.begun(net) if hasattr(each, "begun") else None
            except Exception:
                log.exception("observer %r raised and hears nothing more", each)
            else:
                observers.append(each if other is None else other)
        self._observers = observers
        self._hear(observers)

    def join(self, observer: Observer) -> None:
        """Let one more hear of packets, on the edges that have left their fast path, and of the end."""
        for name in ("packet", "ended"):
            self._heard[name] += _overriding([observer], name)
        self.wants_packets = bool(self._heard["packet"])

    def leave(self, observer: Observer) -> None:
        """Let an observer hear nothing more."""
        self._drop(observer)
        self.wants_packets = bool(self._heard["packet"])

    def node(self, address: str, phase: str) -> None:
        """Tell that a node is in another phase."""
        if self.wants_nodes:
            self._tell("node", address, phase)

    def packet(self, what: str, address: str, value: Any) -> None:
        """Tell that a packet was sent, taken or discarded."""
        if self.wants_packets:
            self._tell("packet", what, address, value)

    def firing(self, address: str, packets: Sequence[Packet[Any]]) -> Over:
        """Tell that a function is about to be called; the caller calls what is returned when that is over."""
        over = [each for each in self._tell("firing", address, packets) if each is not None]

        def is_over(error: BaseException | None) -> None:
            for each in reversed(over):
                try:
                    each(error)
                except Exception:
                    log.exception("observer %r raised at the end of a firing", each)

        return is_over

    def fired(self, address: str, seconds: float, error: BaseException | None) -> None:
        """Tell that a call of a function is over; as `_tell` does, but quicker, for there are many."""
        for hear in self._fired:
            try:
                hear(address, seconds, error)
            except Exception:
                self._raised(hear)

    def notice(self, address: str, text: str) -> None:
        """Tell, and log as a warning, something that a person should know."""
        self._log.notice(address, text)
        self._tell("notice", address, text)

    def slow_turn(self, address: str, text: str) -> None:
        """Tell that a turn blocked the loop; it is logged less and less often, for a node may do that all day."""
        self._log.slow_turn(address, text)
        self._tell("notice", address, text)

    @property
    def wants_retries(self) -> bool:
        """Whether anybody wants to hear of attempts that have failed; many may, in a short time."""
        return bool(self._heard["retried"]) or self._log.wants_retries

    def retried(self, address: str, error: NodeError, attempt: int, delay: float) -> None:
        """Tell, and log, that a firing is tried again."""
        self._log.retried(address, error, attempt, delay)
        self._tell("retried", address, error, attempt, delay)

    def restarted(self, address: str, error: NodeError | None, delay: float) -> None:
        """Tell, and log, that a node is begun anew."""
        self._log.restarted(address, error, delay)
        self._tell("restarted", address, error, delay)

    def released(self, address: str, reason: str) -> None:
        """Tell, and log, that a policy ends a node."""
        self._log.released(address, reason)
        self._tell("released", address, reason)

    def dead_letter(self, letter: DeadLetter) -> None:
        """Tell, and log, that packets were put to the dead letters."""
        self._log.dead_letter(letter)
        self._tell("dead_letter", letter)

    def ended(self, result: Result) -> None:
        """Tell, and log, how the net ended."""
        self._log.ended(result)
        self._tell("ended", result)

    def _tell(self, event: str, *what: Any) -> list[Any]:
        answers = []
        for hear in list(self._heard[event]):
            try:
                answers.append(hear(*what))
            except Exception:
                self._raised(hear)
        return answers

    def _raised(self, hear: Callable[..., Any]) -> None:
        self._drop(getattr(hear, "__self__", None))
        log.exception("observer %r raised and hears nothing more", hear)

    def _drop(self, observer: object) -> None:
        for hearers in self._heard.values():
            hearers[:] = [hear for hear in hearers if getattr(hear, "__self__", None) is not observer]
        self._fired = tuple(self._heard["fired"])


def _overriding(observers: list[Observer], name: str) -> list[Callable[..., Any]]:
    idle = getattr(Observer, name)
    return [getattr(each, name) for each in observers if getattr(type(each), name, idle) is not idle]

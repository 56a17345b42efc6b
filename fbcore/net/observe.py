"""Watching a net: the only way to see it run, and free of cost while nobody does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from fbcore.errors import InputError, NodeError, shown
from fbcore.model.letter import DeadLetter
from fbcore.net.report import Result

log = logging.getLogger("fbcore")


class Observer:
    """Base of whoever wants to see a net run; override what you want to hear of.

    The methods are called on the net's loop, between the turns of nodes, and must return quickly. Overriding
    `packet` makes every packet take the slow path; the others cost nothing to speak of. An observer that
    raises is reported on the log and hears nothing more.

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

    def node(self, address: str, phase: str) -> None:
        """Hear that a node is in another phase: running, receiving, sending, restarting, ended, failed or cancelled."""

    def packet(self, what: str, address: str, value: Any) -> None:
        """Hear that a packet was `sent` onto an edge, `taken` from one, or `discarded` at an output.

        By policies of its node one that was taken may be `returned` to its edge, or `dropped` at its port.
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


_EVENTS = ("node", "packet", "notice", "retried", "restarted", "released", "dead_letter", "ended")


class Watching:
    """Tells observers; `wants_packets` and `wants_nodes` say whether anybody wants to hear of these."""

    def __init__(self, observers: list[Observer]) -> None:
        for each in observers:
            if not any(hasattr(each, name) for name in _EVENTS):
                raise InputError(f"{shown(each)} is no observer", "observers", "derive a class from Observer")
        self._node = _overriding(observers, "node")
        self._packet = _overriding(observers, "packet")
        self._notice = _overriding(observers, "notice")
        self._retried = _overriding(observers, "retried")
        self._restarted = _overriding(observers, "restarted")
        self._released = _overriding(observers, "released")
        self._dead_letter = _overriding(observers, "dead_letter")
        self._ended = _overriding(observers, "ended")
        self.wants_nodes = bool(self._node)
        self.wants_packets = bool(self._packet)

    def join(self, observer: Observer) -> None:
        """Let one more hear of packets, on the edges that have left their fast path, and of the end."""
        self._packet += _overriding([observer], "packet")
        self._ended += _overriding([observer], "ended")
        self.wants_packets = bool(self._packet)

    def leave(self, observer: Observer) -> None:
        """Let an observer hear nothing more."""
        self._drop(observer)
        self.wants_packets = bool(self._packet)

    def node(self, address: str, phase: str) -> None:
        """Tell that a node is in another phase."""
        if self._node:
            self._tell(self._node, address, phase)

    def packet(self, what: str, address: str, value: Any) -> None:
        """Tell that a packet was sent, taken or discarded."""
        if self._packet:
            self._tell(self._packet, what, address, value)

    def notice(self, address: str, text: str) -> None:
        """Tell, and log as a warning, something that a person should know."""
        log.warning("%s: %s", address, text)
        if self._notice:
            self._tell(self._notice, address, text)

    @property
    def wants_retries(self) -> bool:
        """Whether anybody wants to hear of attempts that have failed; many may, in a short time."""
        return bool(self._retried) or log.isEnabledFor(logging.INFO)

    def retried(self, address: str, error: NodeError, attempt: int, delay: float) -> None:
        """Tell, and log, that a firing is tried again."""
        log.info("%s: is tried again in %.3g s, after attempt %d: %s", address, delay, attempt, error.what)
        if self._retried:
            self._tell(self._retried, address, error, attempt, delay)

    def restarted(self, address: str, error: NodeError | None, delay: float) -> None:
        """Tell, and log, that a node is begun anew."""
        log.info("%s: is restarted in %.3g s%s", address, delay, f", after {error.what}" if error is not None else "")
        if self._restarted:
            self._tell(self._restarted, address, error, delay)

    def released(self, address: str, reason: str) -> None:
        """Tell, and log, that a policy ends a node."""
        log.info("%s: is ended: %s", address, reason)
        if self._released:
            self._tell(self._released, address, reason)

    def dead_letter(self, letter: DeadLetter) -> None:
        """Tell, and log, that packets were put to the dead letters."""
        log.info("%s: dead letter %s: %s", letter.node, letter.id, letter.error.what)
        if self._dead_letter:
            self._tell(self._dead_letter, letter)

    def ended(self, result: Result) -> None:
        """Tell how the net ended."""
        if self._ended:
            self._tell(self._ended, result)

    def _tell(self, hearers: list[Callable[..., None]], *what: Any) -> None:
        for hear in list(hearers):
            try:
                hear(*what)
            except Exception:
                self._drop(getattr(hear, "__self__", None))
                log.exception("observer %r raised and hears nothing more", hear)

    def _drop(self, observer: object) -> None:
        policies = (self._retried, self._restarted, self._released, self._dead_letter)
        for hearers in (self._node, self._packet, self._notice, *policies, self._ended):
            hearers[:] = [hear for hear in hearers if getattr(hear, "__self__", None) is not observer]


def _overriding(observers: list[Observer], name: str) -> list[Callable[..., None]]:
    idle = getattr(Observer, name)
    return [getattr(each, name) for each in observers if getattr(type(each), name, idle) is not idle]

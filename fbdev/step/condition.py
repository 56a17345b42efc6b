"""Conditions as a person writes them, for breakpoints and for how far to go: `port parse.out where value > 3`."""

from types import CodeType
from typing import Any

from fbcore.errors import StepError
from fbcore.runtimes.choice import Step
from fbcore.runtimes.fsm import FSMRuntime
from fbcore.runtimes.until import Until

FORMS = "NODE, NODE.PORT, A.OUT->B.IN, where value > 3, time 2.5, step 40, blocked"
"""How a condition is written, for people who are asked for one."""


class Condition(Until):
    """A condition that was written as text; beside those of `Until` it may be about values, and numbers of steps.

    `where` is a Python expression about a packet that moved: `value`, `node`, `port`, `edge` and `time` are known.
    Where it raises, as when texts are compared with numbers, it is not met. `is_only_step`: it is about the number of a
    step alone.
    """

    def __init__(self, text: str, *, where: str = "", step: int | None = None, **condition: Any) -> None:
        super().__init__(**condition)
        self.text = text
        self.step = step
        self.is_only_step = not where and not condition
        self._where = _compiled(where, text)

    def is_met(self, fsm: FSMRuntime, step: Step) -> bool:
        """Say whether a step is the one that was waited for."""
        if self.step is not None and step.number < self.step:
            return False
        return super().is_met(fsm, step) and (self._where is None or self._some_packet_fits(self._where, step))

    def _some_packet_fits(self, where: CodeType, step: Step) -> bool:
        for move in step.moves:
            is_here = self.port is None or self.port in (f"{move.node}.{move.port}", move.edge, *move.edge.split("->"))
            names = {"value": move.value, "node": move.node, "port": move.port, "edge": move.edge, "time": step.time}
            try:
                # What a person has typed at a debugger of their own code is theirs to run.
                if is_here and eval(where, {}, names):
                    return True
            except Exception:
                continue
        return False

    def __str__(self) -> str:
        return self.text


def condition(text: str, fsm: FSMRuntime) -> Condition:
    """Read a condition: an address, a time, a number of a step, `blocked`, or what must hold of a value.

    Raises:
        StepError: it cannot be read, or names what the net does not have.
    """
    written, _, where = text.strip().partition("where ")
    if written.startswith("value"):
        written, where = "", text.strip()
    found: dict[str, Any] = {}
    words = written.split()
    while words:
        words = _take(words, found, fsm, text)
    if not found and not where:
        raise StepError("no condition was written", hint=f"write one of: {FORMS}")
    made = Condition(text.strip(), where=where.strip(), **found)
    made.check(fsm)
    return made


def _take(words: list[str], found: dict[str, Any], fsm: FSMRuntime, text: str) -> list[str]:
    """Read one clause into `found`, and return the words after it."""
    word, *rest = words
    if word == "blocked":
        found["blocked"] = True
        return rest
    if word in ("time", "step", "node", "port", "edge"):
        if not rest:
            raise StepError(f"{word!r} wants something after it", hint=f"write one of: {FORMS}")
        value, *rest = rest
        found["port" if word == "edge" else word] = _number(word, value) if word in ("time", "step") else value
        return rest
    nodes, ports = fsm.addresses()
    if word not in nodes and word not in ports:
        node = word.partition(".")[0]
        near = [each for each in (*nodes, *ports) if each.startswith(node)] or nodes
        hint = f"there are: {', '.join(near)}" if near != nodes else f"write one of: {FORMS}"
        raise StepError(f"{text.strip()!r} names no node, port or edge", hint=hint)
    found["node" if word in nodes else "port"] = word
    return rest


def _number(word: str, text: str) -> float | int:
    try:
        return float(text.removesuffix("s")) if word == "time" else int(text)
    except ValueError:
        raise StepError(f"{text!r} is no number", hint=f"write {word} {'2.5' if word == 'time' else '40'}") from None


def _compiled(where: str, text: str) -> CodeType | None:
    if not where:
        return None
    try:
        return compile(where, "<condition>", "eval")
    except SyntaxError as error:
        hint = "after `where` stands an expression of Python: where value > 3"
        raise StepError(f"{where!r} is no expression: {error.msg}", text if text != where else "", hint) from None

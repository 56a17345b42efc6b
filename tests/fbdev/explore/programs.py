"""Random small programs, as generators for the explorer and as plain data for an oracle that shares no code with it.

A program is a list of operations for each process. Each operation is one step; a process of n operations makes n + 1.
"""

from __future__ import annotations

import math
import random
from collections.abc import Generator
from typing import Any

from fbdev.explore import Access, Blocked, Lock, Scene, Shared
from fbdev.explore.hooks import Hooks

Operation = tuple[Any, ...]
Program = list[list[Operation]]
End = tuple[tuple[str, ...], tuple[int, ...]]


def random_program(seed: int) -> Program:
    """Draw a program of two or three processes on two variables and two locks."""
    chance = random.Random(seed)
    while True:
        program = [operations(chance) for _ in range(chance.choice((2, 2, 3)))]
        if orders(program) <= 2000:
            return program


def orders(program: Program) -> int:
    """Count the orders of all steps."""
    steps = [len(operations) + 1 for operations in program]
    return math.factorial(sum(steps)) // math.prod(map(math.factorial, steps))


def operations(chance: random.Random) -> list[Operation]:
    """Draw what one process does."""
    found: list[Operation] = []
    for _ in range(chance.randint(1, 3)):
        variable, number = chance.randrange(2), chance.randrange(3)
        match chance.randrange(8):
            case 0 | 1:
                found.append(("read", variable))
            case 2 | 3:
                found.append(("write", variable, number))
            case 4:
                found.append(("add", variable, number))
            case 5:
                found.append(("wait", variable, number))
            case 6:
                found.append(("fail", number))
            case 7:
                lock = chance.randrange(2)
                found += [("acquire", lock), ("write", variable, number), ("release", lock)]
    return found


# -- the oracle ----------------------------------------------------------------------------------------


def ends_by_brute_force(program: Program) -> set[End]:
    """Try every order on plain data, and return how processes and variables ended."""
    ends: set[End] = set()
    first = (tuple((0, 0, "runs") for _ in program), (0, 0), (-1, -1))
    todo, seen = [first], {first}
    while todo:
        state = todo.pop()
        following = [after for who in range(len(program)) if (after := advanced(program, state, who)) is not None]
        if not following:
            processes, variables, _ = state
            ends.add((tuple(how if how != "runs" else "waits" for _, _, how in processes), variables))
        for each in following:
            if each not in seen:
                seen.add(each)
                todo.append(each)
    return ends


def advanced(program: Program, state: Any, who: int) -> Any:
    """Return the state after a step of one process, or None when it cannot make one."""
    processes, variables, holders = state
    at, register, how = processes[who]
    if how != "runs":
        return None
    # The first step of a process leads to its first operation, and does nothing.
    if at > 0:
        kind, *rest = program[who][at - 1]
        if kind == "wait" and variables[rest[0]] < rest[1]:
            return None
        if kind == "acquire" and holders[rest[0]] != -1:
            return None
        variables, holders = list(variables), list(holders)
        if kind == "read":
            register = variables[rest[0]]
        elif kind == "write":
            variables[rest[0]] = register + rest[1]
        elif kind == "add":
            variables[rest[0]] = (variables[rest[0]] + rest[1]) % 4
        elif kind == "acquire":
            holders[rest[0]] = who
        elif kind == "release":
            holders[rest[0]] = -1
        elif kind == "fail" and register == rest[0]:
            how = "fails"
        variables, holders = tuple(variables), tuple(holders)
    at += 1
    if how == "runs" and at > len(program[who]):
        how = f"ends with {register}"
    moved = tuple((at, register, how) if each == who else one for each, one in enumerate(processes))
    return moved, variables, holders


# -- the same for the explorer -------------------------------------------------------------------------


class Ends(Hooks):
    """Collects how processes and variables ended, in executions that came to an end."""

    def __init__(self) -> None:
        self.found: set[End] = set()

    def end(self, execution: Any) -> None:
        if not execution.available:
            reached = execution.state.values()
            self.found.add((tuple(map(said, reached)), tuple(values(execution.shared))))


def said(reached: str) -> str:
    """Translate what a process reached into the oracle's words."""
    if reached.startswith("returned "):
        return f"ends with {reached.removeprefix('returned ')}"
    return "fails" if reached.startswith("raised") else "waits"


def values(shared: Any) -> list[int]:
    """Return the values of the variables, be they seen into or not."""
    return [each.value if isinstance(each, Shared) else each["value"] for each in shared]


def seen_into(program: Program) -> Scene:
    """Make the processes, on variables that the explorer sees into."""
    variables, locks = (Shared(0, "x"), Shared(0, "y")), (Lock("l"), Lock("m"))

    def run(operations: list[Operation]) -> Generator[Any, None, int]:
        register = 0
        for kind, *rest in operations:
            if kind == "acquire":
                yield from locks[rest[0]].acquire()
                continue
            if kind == "wait":
                yield Blocked(lambda rest=rest: variables[rest[0]].value >= rest[1])
                continue
            yield kind
            if kind == "read":
                register = variables[rest[0]].value
            elif kind == "write":
                variables[rest[0]].value = register + rest[1]
            elif kind == "add":
                variables[rest[0]].value = (variables[rest[0]].value + rest[1]) % 4
            elif kind == "release":
                locks[rest[0]].release()
            elif kind == "fail" and register == rest[0]:
                raise ValueError(register)
        return register

    return Scene([run(each) for each in program], shared=variables)


def not_seen_into(program: Program, announces: str = "nothing") -> Scene:
    """Make the processes, on plain dictionaries, and announce `"nothing"`, `"all"` accesses, or all but `"reads"`."""
    variables, holders = ({"value": 0}, {"value": 0}), ({"by": ""}, {"by": ""})

    def said(kind: str, variable: int) -> Any:
        mode = "read" if kind == "read" else "write"
        is_told = announces == "all" or (announces == "reads" and kind != "read")
        if is_told and kind not in ("fail", "release"):
            return Access(("x", "y")[variable], mode)
        if announces != "nothing" and kind == "release":
            return Access(("l", "m")[variable])
        return () if announces != "nothing" else kind

    def run(operations: list[Operation]) -> Generator[Any, None, int]:
        register = 0
        for kind, *rest in operations:
            if kind == "acquire":
                yield Blocked(lambda rest=rest: not holders[rest[0]]["by"], on=("l", "m")[rest[0]])
                holders[rest[0]]["by"] = "somebody"
            elif kind == "wait":
                yield Blocked(lambda rest=rest: variables[rest[0]]["value"] >= rest[1], on=("x", "y")[rest[0]])
            else:
                yield said(kind, rest[0])
                if kind == "read":
                    register = variables[rest[0]]["value"]
                elif kind == "write":
                    variables[rest[0]]["value"] = register + rest[1]
                elif kind == "add":
                    variables[rest[0]]["value"] = (variables[rest[0]]["value"] + rest[1]) % 4
                elif kind == "release":
                    holders[rest[0]]["by"] = ""
                elif kind == "fail" and register == rest[0]:
                    raise ValueError(register)
        return register

    return Scene([run(each) for each in program], shared=variables)

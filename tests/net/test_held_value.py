from collections.abc import Callable
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Config, In, Memory

MISTAKES: dict[str, Callable[[Any], Any]] = {
    "asked whether it is true": bool,
    "compared with 3": lambda held: held == 3,
    "put into a text": lambda held: f"{held} rows",
}


class Mistaken(Component):
    """Does with its config and its memory what is to be done with their values."""

    number: In[int]
    size: Config[int] = Config(default=3)
    seen: Memory[int] = Memory(default=0)
    mistake: Config[Any]

    async def run(self) -> None:
        async for _ in self.number:
            self.mistake.value(self)


def failure(mistake: Callable[[Mistaken], Any]) -> tuple[str, str]:
    result = BatchRuntime(Mistaken).run(inputs={"number": 1}, mistake=mistake, raises=False)
    (error,) = result.errors
    return error.what, error.hint


@pytest.mark.parametrize("what", MISTAKES)
@pytest.mark.parametrize(("name", "kind"), [("size", "config"), ("seen", "memory")])
def test_what_holds_a_value_is_not_taken_for_it(name: str, kind: str, what: str) -> None:
    """Where Python would go on in silence, with a condition that is always true, say, the node fails and says why."""
    found, hint = failure(lambda self: MISTAKES[what](getattr(self, name)))
    assert found.startswith(f"PortError: the {kind} itself is {what}, not its value (test_held_value.py:")
    assert hint == f"its value is `self.{name}.value`"


@pytest.mark.parametrize(("name", "kind"), [("size", "config"), ("seen", "memory")])
def test_an_attribute_of_the_value_is_not_one_of_what_holds_it(name: str, kind: str) -> None:
    """The error leads to the value."""
    found, _ = failure(lambda self: getattr(self, name).bit_length())
    text = f"mistaken.{name}: the {kind} has no attribute 'bit_length'; its value is `self.{name}.value`"
    assert found.startswith(f"AttributeError: {text} (")


def test_it_can_be_printed_and_kept_in_collections() -> None:
    """It shows its value to who looks for a mistake, and is found in lists, sets and dicts as itself."""
    found: list[object] = []

    def look(self: Mistaken) -> None:
        among = [self.seen, self.size, self.seen]
        found.extend(
            [repr(self.size), str(self.seen), among.index(self.size), len({*among}), {self.size: 1}[self.size]]
        )
        found.extend([hasattr(self.size, "no_such"), self.size != self.seen])

    BatchRuntime(Mistaken).run(inputs={"number": 1}, mistake=look)
    assert found == ["<config mistaken.size: 3>", "<memory mistaken.seen: 0>", 1, 2, 1, False, True]

from collections.abc import Iterator

from fbcore import Each
from fbdev.step.known import known
from tests.fbdev import nets
from tests.fbdev.step.conftest import MakeSession


def broken() -> Iterator[int]:
    """Give two values, and then what cannot be read."""
    yield from (4, 2)
    raise ValueError("line 3 is no number")


def test_items_are_known_beforehand() -> None:
    """An iterator becomes a list, and what is one value stays that."""
    made = known({"rows": Each(iter([1, 2])), "one": 3})
    assert isinstance(made["rows"].items, list)
    assert (list(made["rows"].items), made["one"]) == ([1, 2], 3)


def test_what_is_long_is_read_as_it_is_taken() -> None:
    """Of an endless iterator no more than a part is read, and nothing is lost."""
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(1_000_000):
            taken.append(number)
            yield number

    items = iter(known({"rows": Each(numbers())})["rows"].items)
    assert len(taken) == 10_000
    assert [next(items) for _ in range(10_002)] == list(range(10_002))


def test_what_cannot_be_read_fails_the_net_where_it_is(make_session: MakeSession) -> None:
    """A bad item fails its input when it is to be sent, as in a run, and the items before it come first."""
    session = make_session(nets.FAILED, known({"value": Each(broken())}))
    assert session.run().startswith("failed: inputs.value: ValueError: line 3 is no number (test_known.py")
    assert [move.value for step in session.steps for move in step.moves if move.node == "inputs.value"] == [4, 2]

from itertools import pairwise

import pytest

from fbcore.formats.order import Order, order_of


def order(text: str) -> Order:
    """Order the letters of arrows as in `a>b b>c c-a`; those with a minus carry no data."""
    arrows = [(each[0], each[2], each[1] == ">") for each in text.split()]
    return order_of(sorted(set(text) - set(" >-")), arrows)


@pytest.mark.parametrize(
    ("text", "length", "back"),
    [
        ("a>b b>c", 3, ""),
        ("b>a c>b", 3, ""),
        ("a>b a>c b>d c>d a>d", 3, ""),
        ("a>b b>a", 2, "b>a"),
        ("a>a a>b", 2, "a>a"),
        ("a>c b>c c>b", 3, "b>c"),
        ("b>c c-a a>b", 3, "c-a"),
        ("x>b b-a a>b", 2, "b-a"),
        ("a-b b-a", 2, "b-a"),
        ("b-a a-b", 2, "a-b"),
        ("c>a a-b c-b", 3, ""),
    ],
)
def test_arrows_lead_on(text: str, length: int, back: str) -> None:
    """As few arrows as can be lead back: one in every circle, and rather one without data."""
    found = order(text)
    assert [each for each in text.split() if found.is_back(each[0], each[2])] == back.split()
    assert found.length == length


def test_a_long_chain_is_ordered() -> None:
    """The order of thousands of boxes does not end at the depth of Python's stack."""
    boxes = [f"b{number}" for number in range(5000)]
    found = order_of(boxes, [(a, b, True) for a, b in pairwise(boxes)])
    assert found.length == 5000
    assert sorted(boxes, key=found.places.__getitem__) == boxes


def test_nothing_is_ordered() -> None:
    """A graph without boxes has no length."""
    assert order_of([], []) == Order({}, 0)

import pytest

from fbcore.components.count import Count
from tests.components.alone import run_alone


@pytest.mark.parametrize("number", [0, 1, 300])
def test_count(number: int) -> None:
    """The number of packets is sent once, at the end."""
    assert run_alone(Count, {"items": [None] * number}).outputs.total == [number]

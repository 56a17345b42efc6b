from fbcore.components.collect import Collect
from tests.components.alone import run_alone


def test_collect() -> None:
    """All values are sent as one list, in order of arrival; none is an empty list."""
    assert run_alone(Collect, {"items": range(200)}).outputs["values"] == [list(range(200))]
    assert run_alone(Collect, {"items": ()}).outputs["values"] == [[]]

"""Durations are counted in buckets as Prometheus wants them."""

from fbcore.observers.histogram import Histogram


def test_durations_are_counted_at_most_so_long() -> None:
    """Each bucket counts those before it too, a bound lies in its own bucket, and the last has all."""
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 1.0, 7.0):
        histogram.add(seconds)
    assert histogram.buckets() == [("0.1", 2.0), ("1.0", 4.0), ("+Inf", 5.0)]
    assert histogram.total == 8.65


def test_two_histograms_add_up() -> None:
    """What nets that have ended have counted, and what runs, are one."""
    one, other = Histogram((1.0,)), Histogram((1.0,))
    one.add(0.5)
    other.add(2.0)
    one.take_in(other)
    assert one.buckets() == [("1.0", 1.0), ("+Inf", 2.0)]
    assert other.buckets() == [("1.0", 0.0), ("+Inf", 1.0)]

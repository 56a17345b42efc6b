import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fbcore import ConfigError, InputError
from fbcore.components.bar_chart import Bar, BarChart, bar_chart
from tests.components.alone import failure_of, run_alone

SVG = "{http://www.w3.org/2000/svg}"
CONFIGS: dict[str, Any] = {"label": "sky", "value": "delay", "title": "Delays"}


def parts(chart: str, kind: str) -> list[ElementTree.Element]:
    """Return the elements of one class in a chart."""
    return [each for each in ElementTree.fromstring(chart).iter() if kind in each.get("class", "").split()]


def texts(chart: str, kind: str) -> list[str | None]:
    """Return the texts of one class in a chart."""
    return [element.text for element in parts(chart, kind)]


def spans(chart: str) -> list[tuple[float, float]]:
    """Return from where to where the bars go, in pixels."""
    bars = [(float(bar.get("x", "nan")), float(bar.get("width", "nan"))) for bar in parts(chart, "bar")]
    return [(x, x + width) for x, width in bars]


def places(chart: str) -> dict[float, float]:
    """Return where the numbers of the axis stand, in pixels."""
    return {float((tick.text or "").replace(",", "")): float(tick.get("x", "nan")) for tick in parts(chart, "tick")}


def test_a_chart(tmp_path: Path) -> None:
    """Records become bars from top to bottom, with title, labels, values and unit, in an SVG file."""
    rows = [{"sky": "rain", "delay": 30.93}, {"sky": "fog", "delay": 28}]
    path = tmp_path / "out" / "delays.svg"
    looks = {"subtitle": "in 2013", "unit": "minutes", "form": ".1f"}
    result = run_alone(BarChart, {"rows": rows}, path="delays.svg", folder=path.parent, **CONFIGS, **looks)
    assert result.outputs.written == [path]
    chart = path.read_text(encoding="utf-8")
    assert [texts(chart, kind) for kind in ("title", "subtitle", "unit")] == [["Delays"], ["in 2013"], ["minutes"]]
    assert texts(chart, "label") == ["rain", "fog"]
    assert texts(chart, "value") == ["30.9", "28.0"]
    heights = [float(bar.get("y", "nan")) for bar in parts(chart, "bar")]
    assert heights == sorted(heights)


@pytest.mark.parametrize("values", [[3, 1.5], [0.002, 0.0011], [4e6, 123], [-5, 7], [-24.9, -1], [0, 0], [12]], ids=str)
def test_bars_fit_the_axis(values: list[float]) -> None:
    """Each bar goes from 0 to its value on the axis, which has 2 to 13 numbers and spans all values."""
    chart = bar_chart([Bar("x", value) for value in values], "Bars")
    ticks = places(chart)
    assert 2 <= len(ticks) <= 13
    assert min(ticks) <= min(0, *values, 0)
    assert max(ticks) >= max(0, *values, 0)
    per_unit = (ticks[max(ticks)] - ticks[min(ticks)]) / (max(ticks) - min(ticks))
    for value, (start, end) in zip(values, spans(chart), strict=True):
        ends = sorted((ticks[0.0], ticks[0.0] + value * per_unit))
        assert [start, end] == pytest.approx(ends, abs=0.2)


def test_letters_with_a_meaning_in_xml() -> None:
    """Letters that mean something in XML are shown as they are."""
    chart = bar_chart([Bar("<a> & b", 1)], "x < y")
    assert texts(chart, "label") == ["<a> & b"]
    assert texts(chart, "title") == ["x < y"]


def test_nothing_to_draw() -> None:
    """Without bars there is a title and an axis still."""
    chart = bar_chart([], "Nothing came")
    assert spans(chart) == []
    assert len(places(chart)) >= 2


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "3"])
def test_what_is_no_number(tmp_path: Path, value: object) -> None:
    """A value that cannot be drawn is refused, with its label, and no file appears."""
    error = failure_of(BarChart, {"rows": [{"sky": "rain", "delay": value}]}, path=tmp_path / "x.svg", **CONFIGS)
    assert isinstance(error, InputError)
    assert "of 'rain', is no finite number" in error.what
    assert list(tmp_path.iterdir()) == []


def test_a_record_without_a_field(tmp_path: Path) -> None:
    """A record that lacks what is to be drawn is refused, and the hint says what it needs."""
    error = failure_of(BarChart, {"rows": [{"sky": "rain"}]}, path=tmp_path / "x.svg", **CONFIGS)
    assert isinstance(error, InputError)
    assert "{'sky': 'rain'} lacks a field" in error.what
    assert error.hint == "it needs 'sky' and 'delay'"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A path that cannot be written is refused as a wrong config."""
    assert isinstance(failure_of(BarChart, {"rows": []}, path=tmp_path, **CONFIGS), ConfigError)

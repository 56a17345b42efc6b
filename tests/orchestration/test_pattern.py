"""Patterns of addresses."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbcore.orchestration.pattern import covers, matches, problem_of


@pytest.mark.parametrize(
    ("pattern", "address", "is_meant"),
    [
        ("load.parse", "load.parse", True),
        ("load.parse", "load.parser", False),
        ("load.*", "load.parse", True),
        ("load.*", "load", False),
        ("load.*", "load.csv.parse", False),
        ("load.**", "load.csv.parse", True),
        ("load.**", "load", False),
        ("**", "load.csv.parse", True),
        ("**.parse", "load.csv.parse", True),
        ("**.parse", "parse", False),
        ("*", "parse", True),
        ("parse_*", "parse_rows", True),
        ("*_rows", "parse_rows", True),
        ("p*_r*", "parse_rows", True),
        ("a.b", "aXb", False),
    ],
)
def test_a_pattern_means_addresses(pattern: str, address: str, is_meant: bool) -> None:
    """`*` stands for letters of one part, `**` for one part or more, and a dot for itself."""
    assert matches(pattern, address) is is_meant


@pytest.mark.parametrize(
    ("wide", "narrow", "is_wide"),
    [
        ("**", "load.*", True),
        ("load.*", "**", False),
        ("load.**", "load.*", True),
        ("load.*", "load.**", False),
        ("load.*", "load.parse", True),
        ("load.*", "*.parse", False),
        ("*.parse", "load.*", False),
        ("load.*", "load.p*", True),
        ("load.p*", "load.*", False),
        ("load.*.*", "load.**", False),
        ("**", "**", True),
        ("*", "**", False),
        ("**.*", "*.*", True),
    ],
)
def test_a_pattern_covers_another(wide: str, narrow: str, is_wide: bool) -> None:
    """A pattern is less specific than each that means only nodes which it means too."""
    assert covers(wide, narrow) is is_wide


PARTS = st.sampled_from(["a", "b", "*", "**", "a*", "*b", "ab"])
PATTERNS = st.lists(PARTS, min_size=1, max_size=3).map(".".join)
ADDRESSES = [
    ".".join(parts) for length in (1, 2, 3, 4) for parts in product(["a", "b", "ab", "aab", "x"], repeat=length)
]


@given(PATTERNS, PATTERNS)
def test_what_is_covered_is_meant(wide: str, narrow: str) -> None:
    """What a pattern means, the patterns that cover it mean as well; and on small addresses the reverse holds."""
    meant = [address for address in ADDRESSES if matches(narrow, address)]
    assert covers(wide, narrow) == all(matches(wide, address) for address in meant)


@pytest.mark.parametrize("pattern", ["", "a b", "a..b", ".a", "a.", "a->b", "a***", "a**", "**a.b", "a[0]"])
def test_what_is_no_pattern_is_found(pattern: str) -> None:
    """A pattern is made of the letters of ids, dots and wildcards."""
    assert problem_of(pattern)
    assert not problem_of("load.*_rows.**")

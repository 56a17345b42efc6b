"""Names of nodes and ports, and places in source files."""

import pytest

from fbcore.model.address import Place, caller, is_id, snake_case


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("ReadCsv", "read_csv"),
        ("ReadCSV", "read_csv"),
        ("HTTPServer", "http_server"),
        ("A", "a"),
        ("ABTest", "ab_test"),
        ("Take3", "take3"),
        ("Md5Sum", "md5_sum"),
        ("already_snake", "already_snake"),
        ("Mixed_Case", "mixed_case"),
    ],
)
def test_a_class_name_in_snake_case(name, id):
    """Humps and acronyms become words, and what is one already stays."""
    assert snake_case(name) == id


@pytest.mark.parametrize("text", ["a", "A", "_", "_a", "a1", "read_csv", "Match"])
def test_what_is_an_id(text):
    """Letters, digits and _, not beginning with a digit."""
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "1a", "a-b", "a.b", "a b", "a\n", "ä", "class", "None", "a->b"])
def test_what_is_no_id(text):
    """Nothing that would make an address ambiguous, and no keyword."""
    assert not is_id(text)


def test_a_place_is_a_file_and_a_line():
    """It prints as editors understand it."""
    place = Place("flights.py", 31)
    assert (str(place), repr(place)) == ("flights.py:31", "Place('flights.py:31')")


def test_a_caller_is_where_a_function_was_called():
    """Not the line inside the function."""

    def here() -> Place:
        return caller()

    def there() -> Place:
        return caller(2)

    def between() -> Place:
        return there()

    first, second = here(), between()
    assert first.file == second.file == __file__
    assert second.line == first.line == test_a_caller_is_where_a_function_was_called.__code__.co_firstlineno + 12

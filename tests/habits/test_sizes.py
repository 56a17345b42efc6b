import ast

from tests.habits.tree import functions, name, sources

LINES_OF_A_FILE = 450
LINES_OF_A_FUNCTION = 60


def long_functions(source: str) -> list[str]:
    """Name the functions that are too long."""
    lengths = [(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions(ast.parse(source))]
    return [f"{name}: {length} lines" for name, length in lengths if length > LINES_OF_A_FUNCTION]


def test_files_are_short() -> None:
    """No file of the two packages is longer than 450 lines."""
    lengths = {name(path): path.read_text(encoding="utf-8").count("\n") for path in sources("fbcore", "fbdev")}
    assert {path: length for path, length in lengths.items() if length > LINES_OF_A_FILE} == {}


def test_functions_are_short() -> None:
    """No function of the two packages is longer than 60 lines."""
    found = {name(path): long_functions(path.read_text(encoding="utf-8")) for path in sources("fbcore", "fbdev")}
    assert {path: functions for path, functions in found.items() if functions} == {}


def test_a_long_function_is_found() -> None:
    """The check above counts a function's lines, its first one included."""
    body = "    pass\n"
    assert long_functions("def f():\n" + body * 59) == []
    assert long_functions("async def f():\n" + body * 60) == ["f: 61 lines"]

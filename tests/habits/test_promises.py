"""Every test says in its docstring what it promises."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent.parent


def test_every_test_states_its_promise():
    """A test without a docstring leaves its reader guessing what broke."""
    silent = [
        f"{path.relative_to(TESTS)}:{node.lineno} {node.name}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if ast.get_docstring(node) is None
    ]
    assert silent == []

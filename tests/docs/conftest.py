"""A place to try what is shown to users."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Make the main module, in an empty folder: what whoever tries it would run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    made = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", made)
    before = set(sys.modules)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    # A program begins without a log.
    root.handlers = []
    yield made
    for handler in root.handlers:
        handler.close()
    root.handlers = handlers
    root.setLevel(level)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]

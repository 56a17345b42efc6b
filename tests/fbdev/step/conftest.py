from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fbcore.driver import Driver
from fbcore.formats.python_file import load_graph
from fbdev.step.session import Session

MakeSession = Callable[..., Session]


@pytest.fixture
def make_session(tmp_path: Path) -> Iterator[MakeSession]:
    """Make sessions of nets that are written as text, begun, and closed after the test."""
    with ExitStack() as stack:

        def make(
            source: str,
            inputs: dict[str, Any] | None = None,
            make_driver: Callable[[], Driver] | None = None,
            **configs: Any,
        ) -> Session:
            (tmp_path / "net.py").write_text(source)
            session = Session(load_graph(tmp_path / "net.py"), inputs, configs, make_driver)
            session.start()
            stack.callback(session.close)
            return session

        yield make

"""What `pytest --explore-report DIR` writes of each test that explores: its result, and pictures of it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Literal

from fbcore.errors import FlowError
from fbcore.formats.whole_text import write_whole
from fbdev.explore.picture import encodable
from fbdev.explore.result import Result

_LONGEST = 120


def write_report(folder: str | Path, test: str, result: Result) -> list[Path]:
    """Write `NAME.json`, the pictures that can be drawn, and the failing case; return the files.

    Example:
        from fbdev.explore import explore
        from fbdev.explore.pytest_report import write_report

        def factory():
            def process():
                yield "ready"

            return [process()]

        print([path.name for path in write_report(".", "test_one.py::test_it", explore(factory))][0])
        #> test_one.py.test_it.json
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = file_name(test)
    texts = {".json": json.dumps({"nodeid": test, **result.as_dict()}), ".case.txt": result.test}
    texts |= {".svg": _drawn(result, "svg"), ".html": _drawn(result, "html")}
    written = []
    for ending, text in texts.items():
        path = folder / f"{name}{ending}"
        if text:
            write_whole(path, encodable(text))
            written.append(path)
        else:
            # What an earlier run wrote there would be taken for this one's.
            path.unlink(missing_ok=True)
    return written


def file_name(test: str) -> str:
    """Return the name for the files of a test: its own, as far as files can be called so."""
    plain = test.replace("/", ".").replace("::", ".")
    name = re.sub(r"[^\w.-]+", "-", plain, flags=re.ASCII)[:_LONGEST]
    if name == plain:
        return name
    return f"{name}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


def _drawn(result: Result, kind: Literal["html", "svg"]) -> str:
    """Draw a result, or return "" when it cannot be: nothing to draw, or nothing to draw it with."""
    try:
        return result.draw(kind)
    except FlowError:
        return ""

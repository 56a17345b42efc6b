"""What `pytest --explore-report DIR` writes of each test that explores: its result, and pictures of it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

from fbcore.errors import FlowError
from fbcore.formats.whole_text import write_whole
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
    texts = {".json": json.dumps({"nodeid": test, **result.as_dict()})}
    if result.test:
        texts[".case.txt"] = result.test
    for kind in ("svg", "html"):
        picture = _drawn(result, kind)
        if picture:
            texts[f".{kind}"] = picture
    for ending in (".json", ".svg", ".html", ".case.txt"):
        (folder / f"{name}{ending}").unlink(missing_ok=True)
    for ending, text in texts.items():
        write_whole(folder / f"{name}{ending}", text)
    return [folder / f"{name}{ending}" for ending in texts]


def file_name(test: str) -> str:
    """Return the name for the files of a test: its own, as far as files can be called so."""
    plain = test.replace("/", ".").replace("::", ".")
    name = re.sub(r"[^\w.-]+", "-", plain)[:_LONGEST]
    if name == plain:
        return name
    return f"{name}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


def _drawn(result: Result, kind: Any) -> str:
    """Draw a result, or return "" when it cannot be: nothing to draw, or nothing to draw it with."""
    if kind not in get_args(get_type_hints(Result.draw)["kind"]):
        return ""
    try:
        return result.draw(kind)
    except FlowError:
        return ""

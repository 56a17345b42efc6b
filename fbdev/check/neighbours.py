"""The folder of a file, whose modules are imported before all others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from fbdev.check.finding import Finding, Level
from fbdev.check.import_watch import GROUP


def hidden_modules(file: Path) -> Iterator[Finding]:
    """Yield a finding for each file in the folder that is called like a module of the standard library."""
    for path in sorted(file.parent.glob("*.py")):
        if path.stem in sys.stdlib_module_names:
            what = f"{path.name} hides the module {path.stem} of the standard library from all that runs with this net"
            yield Finding(GROUP, Level.WARNING, what, place=str(path), hint="rename the file")

"""`fbdev check`: have a file checked, show what was found, and say by the exit code whether it is fit to run."""

import json
import sys

from fbdev.check.catalogue import show_catalogue
from fbdev.check.examine import Examination, examine, examine_library
from fbdev.check.finding import Level
from fbdev.check.show import show
from fbdev.exit_code import ExitCode


def check_file(target: str, time_limit: float, settings: str = "", *, as_json: bool, strict: bool) -> int:
    """Check a file, or one graph or component of it, and return the exit code.

    It is that of a failure when there are errors, and with `strict` when there are warnings.
    """
    found = examine(target, time_limit, settings)
    if as_json:
        sys.stdout.write(_document(target, found) + "\n")
    else:
        show(target, found, sys.stdout)
    return _code(found, strict=strict)


def check_library(package: str, time_limit: float, *, as_json: bool, strict: bool) -> int:
    """Check a package as a library of components, show what is in it, and return the exit code as `check_file` does."""
    found = examine_library(package, time_limit)
    if as_json:
        sys.stdout.write(_document(package, found) + "\n")
    else:
        show_catalogue(found.catalogue, sys.stdout)
        show(package, found, sys.stdout)
    return _code(found, strict=strict)


def _code(found: Examination, *, strict: bool) -> int:
    is_unfit = found.count(Level.ERROR) or (strict and found.count(Level.WARNING))
    return ExitCode.FAILED if is_unfit else ExitCode.GOOD


def _document(target: str, found: Examination) -> str:
    content = {
        "target": target,
        **{f"{level}s": found.count(level) for level in Level},
        "graphs": found.graphs,
        "components": found.components,
        **({"catalogue": found.catalogue} if found.catalogue else {}),
        "findings": [finding._asdict() for finding in found.findings],
    }
    return json.dumps(content)

"""Values and texts as they can be on a screen: on one line, and without codes that would tear it."""

import re

from fbcore.errors import shown

_CODES = re.compile(r"\x1b\[[0-9;?<=>]*[ -/]*[@-~]|\x1b[@-_]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def seen(value: object) -> str:
    """Write a value as reports do, on one line: a `repr` of the user's may have more of them, or colours."""
    return one_line(shown(value))


def one_line(text: str) -> str:
    """Write a text without colours and control characters, which become blanks."""
    return _CONTROLS.sub(" ", _CODES.sub("", text))

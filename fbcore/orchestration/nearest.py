"""The right name that is nearest to a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

_MANY = 12
"""Names of which all are listed, when none is near."""


def nearest(wrong: str, known: Sequence[str], what: str) -> str:
    """Return a hint: the name that was meant, or all that there are, which `what` calls (`its settings`)."""
    found = difflib.get_close_matches(wrong, known, n=1)
    if found:
        return f"did you mean {found[0]}?"
    more = f" and {len(known) - _MANY} more" if len(known) > _MANY else ""
    return f"{what} are: {', '.join(known[:_MANY]) or 'none'}{more}"

"""The right name that is nearest to a wrong one."""

from __future__ import annotations

from collections.abc import Sequence

from fbcore.model import nearest as names

_MANY = 12
"""Names of which all are listed, when none is near."""


def nearest(wrong: str, known: Sequence[str], what: str) -> str:
    """Return a hint: the name that was meant, or all that there are, which `what` calls (`its settings`)."""
    found = names.nearest(wrong, known)
    if found:
        return f"did you mean {found}?"
    more = f" and {len(known) - _MANY} more" if len(known) > _MANY else ""
    return f"{what} are: {', '.join(known[:_MANY]) or 'none'}{more}"

"""What is said of processes that wait for each other, or for nobody."""

from __future__ import annotations

from collections.abc import Mapping

from fbdev.explore.words import Blocked, Step


def deadlock_text(waiting: Mapping[str, Blocked], endings: Mapping[str, Step]) -> str:
    """Say who waits for what, and who holds it."""
    parts = []
    for name, blocked in waiting.items():
        on = blocked.on
        held = getattr(on, "holder", "")
        what = f"waits for {getattr(on, 'name', on)}" if on is not None else blocked.label
        by = f", held by {held}{', which has ended' if held in endings else ''}" if held else ""
        parts.append(f"{name} {what}{by}")
    return f"deadlock: {'; '.join(parts)}"

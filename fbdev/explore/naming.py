"""Names of processes: several that are never alive at once may pass for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fbdev.explore.words import ExploreError

Remap = Callable[[Sequence[str], Sequence[str], Mapping[str, str]], Mapping[str, str]]
"""`remap(live, dead, states) -> {old: new}`: called after every creation and deletion of a process."""


def renaming(identity: Callable[[str], str] | None, remap: Remap | None) -> Remap | None:
    """Return the one renaming that was asked for.

    Raises:
        ExploreError: when there are two.
    """
    if identity is not None and remap is not None:
        raise ExploreError("identity and remap both rename processes", "explore", "give one of the two")
    return remap_of(identity) if identity is not None else remap


def remap_of(identity: Callable[[str], str]) -> Remap:
    """Return the renaming that calls every process by its identity."""

    def remap(live: Sequence[str], dead: Sequence[str], states: Mapping[str, str]) -> Mapping[str, str]:
        called = {name: identity(name) for name in (*live, *dead)}
        holders = {called[name] for name in live}
        # Of the dead that were called alike, the last stays, and none where one of the name is alive.
        last = {called[name]: name for name in dead if called[name] not in holders}
        return {old: new for old, new in called.items() if old != new and (old in live or last.get(new) == old)}

    return remap


def check_renaming(renaming: Mapping[str, str], live: Sequence[str], dead: Sequence[str]) -> None:
    """Refuse a renaming by which two live processes would have one name, or a dead one would take the name of a live.

    Raises:
        ExploreError: naming them.
    """
    for old in renaming:
        if old not in live and old not in dead:
            raise ExploreError(
                f"there is no process {old} to rename", "remap", f"there are {', '.join((*live, *dead))}"
            )
    holders: dict[str, str] = {}
    for name in (*live, *(name for name in dead if name in renaming)):
        new = renaming.get(name, name)
        if new in holders:
            what = f"{holders[new]} and {name} would both be called {new}, and {holders[new]} is alive"
            raise ExploreError(what, "remap", "a process may take the name of a dead one only")
        if name in live:
            holders[new] = name

"""What `fbdev.explore` offers: public is public for ever."""

import fbdev.explore


def test_public_names_are_those_recorded() -> None:
    """A name comes or goes only together with its place here, and each says what it promises."""
    assert fbdev.explore.__all__ == [
        "Access",
        "Blocked",
        "Budget",
        "Execution",
        "ExploreError",
        "Hooks",
        "Lock",
        "NetScene",
        "Played",
        "Progress",
        "Result",
        "Scene",
        "Shared",
        "VerdictKind",
        "Waiter",
        "explore",
        "replay",
        "spawn",
    ]
    for name in fbdev.explore.__all__:
        assert getattr(fbdev.explore, name).__doc__

"""Following a script of choices without a screen, and printing where it leads."""

import sys
from collections.abc import Sequence

from fbcore.runtimes.choice import Step
from fbdev.step.details import details
from fbdev.step.lines import choice_lines, net_lines
from fbdev.step.scene import scene_of
from fbdev.step.seen import one_line
from fbdev.step.session import Session

_WIDTH = 100


def follow(session: Session, choices: Sequence[str]) -> None:
    """Make the steps of a script, print each, and then the net as it is, unless it has ended.

    Raises:
        StepError: a choice no longer fits; the net is printed as it was before it.
    """
    try:
        session.replay(choices, _print)
    except Exception:
        _print_net(session)
        raise
    if session.fsm.result is None:
        _print_net(session)


def _print(step: Step) -> None:
    sys.stdout.write(f"{one_line(str(step))}\n")


def _print_net(session: Session) -> None:
    scene = scene_of(session)
    lines = [line.text() for line in net_lines(scene, _WIDTH)]
    if scene.standing:
        lines += ["", *(line.text() for line in details(session, ""))]
    elif scene.choices:
        lines += ["", "next:", *(line.text() for line in choice_lines(scene, _WIDTH))]
    sys.stdout.write("\n".join(["", *lines, ""]))
    sys.stdout.flush()

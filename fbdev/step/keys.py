"""The keys of the debugger, and the page that explains them."""

from textual.binding import Binding, BindingType

from fbdev.step.condition import FORMS
from fbdev.step.lines import Line

KEYS: list[BindingType] = [
    Binding("s,space", "step", "Step", key_display="s"),
    Binding("r", "run", "Run"),
    Binding("g", "go", "Go"),
    Binding("u", "undo", "Undo"),
    Binding("y", "redo", "Redo"),
    Binding("b", "break", "Break"),
    Binding("i", "packets", "Packet"),
    Binding("w", "write", "Write"),
    Binding("question_mark", "help", "Help", key_display="?"),
    Binding("q", "leave", "Quit"),
    Binding("B", "breakpoints", "Breakpoints", show=False),
    Binding("R", "restart", "Restart", show=False),
    Binding("S", "snapshot", "Snapshot", show=False),
    Binding("x", "stop", "Stop the net", show=False),
    Binding("slash", "filter", "Filter", show=False),
    Binding("f", "fold", "Fold", show=False),
    Binding("t", "light", "Dark or light", show=False),
    Binding("n", "about_net", "The net", show=False),
    Binding("z", "zoom", "Zoom", show=False),
    Binding("escape", "interrupt", "Interrupt", show=False),
    Binding("ctrl+c", "interrupt_or_leave", "Interrupt", show=False, priority=True),
    *(Binding(str(number), f"nth({number})", show=False) for number in range(1, 10)),
]

_SECTIONS = (
    (
        "Stepping",
        (
            ("s, space", "make the step that comes first (with --seed: the one of the seed)"),
            ("Enter, 1 to 9", "in Next: make this step instead"),
            ("r", "run to a breakpoint, a standstill, or the end"),
            ("g", "go until: a node, a port, a time, a value ..."),
            ("u, y", "take the last step back, make it again"),
            ("Enter", "in Steps: go to where the net was after this step"),
            ("R", "restart; y makes the steps again one by one"),
            ("x", "ask the net to stop, as Ctrl-C does in fbdev run"),
            ("Esc, Ctrl-C", "interrupt what runs; Ctrl-C leaves when nothing does"),
        ),
    ),
    (
        "Looking",
        (
            ("Tab, arrows", "go from list to list, and along it; what is pointed at is told in Look"),
            ("i", "packets of what is pointed at, and what they were made of"),
            ("n", "what there is to know of the net: why it is blocked, how it ended"),
            ("/", "filter the net by a part of an address; empty shows all"),
            ("f, Enter", "fold or unfold the composite that is pointed at; Enter on a node shows all of it"),
            ("z", "give the list that has the focus the whole screen, and back"),
            ("t", "dark or light"),
        ),
    ),
    (
        "Breakpoints and files",
        (
            ("b", "set or clear a breakpoint at the node or edge that is pointed at"),
            ("B", f"all breakpoints, and new ones: {FORMS}"),
            ("w", "write the session to a file: a test (.py), or its choices for --script"),
            ("S", "write a snapshot, from which a runtime can go on"),
            ("q", "quit"),
        ),
    ),
)


def help_lines() -> list[Line]:
    """Return the page that explains the keys."""
    lines: list[Line] = []
    for title, keys in _SECTIONS:
        lines.append(Line([(title, "title")]))
        lines += [Line([(f"  {key:<14} ", "accent"), (text, "")]) for key, text in keys]
        lines.append(Line([]))
    return lines

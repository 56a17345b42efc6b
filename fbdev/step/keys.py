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
            ("s, space", "make the step that comes first, or that of --seed"),
            ("Enter, 1 to 9", "in Next: make this step instead"),
            ("r", "run to a breakpoint, a failure, a standstill, the end"),
            ("g", "go until a node, a port, a time, a value, ..."),
            ("u, y", "take the last step back, make it again"),
            ("Enter", "in Steps: go to where the net was after it"),
            ("R", "restart; y makes the steps again one by one"),
            ("x", "ask the net to stop, as Ctrl-C does in fbdev run"),
            ("Esc, Ctrl-C", "interrupt what runs; Ctrl-C leaves when nothing does"),
        ),
    ),
    (
        "Looking",
        (
            ("Tab, arrows", "go from list to list, and along; Look tells more"),
            ("i", "packets there, and what they were made of"),
            ("n", "the net: why it is blocked, how it ended"),
            ("/", "filter the net by a part of an address"),
            ("f, Enter", "in Net: fold a composite; Enter tells all of a node"),
            ("z", "give a list the whole screen, and take it back"),
            ("t", "dark or light"),
        ),
    ),
    (
        "Breakpoints and files",
        (
            ("b", "a breakpoint where one points, or none any more"),
            ("B", f"all breakpoints, and new ones: {FORMS}"),
            ("w", "write a test (.py), or the choices for --script"),
            ("S", "write a snapshot for --restore"),
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

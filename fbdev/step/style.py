"""How the screen of the debugger is laid out."""

CSS = """
Screen { layout: vertical; background: $background; }
#head { height: 1; text-wrap: nowrap; text-overflow: ellipsis; background: $panel; padding: 0 1; }
#body { height: 1fr; }
#left { width: 55%; }
#right { width: 45%; }
#net { height: 2fr; }
#steps { height: 1fr; }
#next { height: 1fr; }
#look { height: 2fr; }
#said { height: 1; text-wrap: nowrap; text-overflow: ellipsis; padding: 0 1; background: $background; }
.-narrow #body { layout: vertical; }
.-narrow #left, .-narrow #right { width: 1fr; height: 1fr; }
.-narrow #steps { display: none; }
Rows, #look {
    background: $background;
    border: round $edge;
    border-title-color: $muted;
    border-subtitle-color: $muted;
    padding: 0 1;
    scrollbar-size-horizontal: 0;
    scrollbar-size-vertical: 1;
    scrollbar-background: $background;
    scrollbar-color: $panel;
}
Rows:focus, #look:focus {
    border: round $primary;
    border-title-color: $primary;
    border-title-style: bold;
}
.zoomed #left, .zoomed #right { width: 100%; }
.zoomed .zoom { height: 1fr; }
.zoomed .aside { display: none; }
Footer { background: $panel; }
ModalScreen { align: center middle; background: $background 60%; }
.dialog {
    width: 76;
    max-width: 96%;
    height: auto;
    max-height: 90%;
    border: round $primary;
    border-title-color: $primary;
    border-title-style: bold;
    border-subtitle-color: $muted;
    background: $surface;
    padding: 0 1;
}
.dialog.page { width: 100; }
.dialog.wide { width: 96%; height: 90%; }
.dialog Rows { border: none; height: auto; max-height: 12; background: $surface; padding: 0; }
.dialog.wide Rows { width: 50%; height: 1fr; max-height: 100%; }
#packet { width: 50%; border-left: solid $edge; padding: 0 1; background: $surface; }
.dialog Input { border: none; height: 1; background: $panel; padding: 0 1; margin: 1 0; }
.dialog .hint { color: $muted; width: 100%; margin: 0 0 1 0; }
"""

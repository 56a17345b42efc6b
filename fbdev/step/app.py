"""The screen of the debugger: the net, what can happen next, the steps that were made, and a look at anything."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Footer, Static

from fbcore.errors import FlowError
from fbdev.step.condition import FORMS, condition
from fbdev.step.details import details, packets_of
from fbdev.step.dialogs import Breakpoints, Packets, Page, Question, as_text
from fbdev.step.keys import KEYS, help_lines
from fbdev.step.lineage import lineage_lines, packet_lines
from fbdev.step.lines import choice_lines, net_lines, step_lines
from fbdev.step.origin import Origin
from fbdev.step.palette import DARK, LIGHT, first_theme, styles_of
from fbdev.step.recording import write_choices
from fbdev.step.rows import Rows
from fbdev.step.saved_test import save_test
from fbdev.step.scene import Scene, scene_of
from fbdev.step.seen import one_line
from fbdev.step.session import Session
from fbdev.step.style import CSS as LAYOUT
from fbdev.step.worker import Worker
from fbdev.step.wrap import wrapped

_BEAT = 0.2
"""Seconds between two looks at whether a step takes long."""


class Debugger(App[None]):
    """Steps a net by keys. All that touches the net is done by `worker`, one job after the other."""

    CSS = LAYOUT
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]  # noqa: RUF012 - no ClassVar where it is declared

    def __init__(self, session: Session, worker: Worker, origin: Origin) -> None:
        super().__init__()
        self.session = session
        self.worker = worker
        self.origin = origin
        self.scene: Scene = worker.do(lambda: scene_of(session))
        self.folded: set[str] = set()
        self.filter = ""
        self._tells_net = False
        self._waited = 0.0
        self._count = -1
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = first_theme()

    @property
    def crash(self) -> Exception | None:
        """What went wrong with the screen itself; the net's own errors are shown there."""
        return self._exception

    def compose(self) -> ComposeResult:
        """Lay out the panes."""
        yield Static(id="head")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Rows("net", "Net")
                yield Rows("steps", "Steps")
            with Vertical(id="right"):
                yield Rows("next", "Next")
                with VerticalScroll(id="look", can_focus=True) as look:
                    look.border_title = "Look"
                    yield Static(id="text")
        yield Static(id="said")
        yield Footer()

    def on_mount(self) -> None:
        """Show the beginning."""
        self.rows("next").focus()
        self.set_interval(_BEAT, self._beat)
        self.theme_changed_signal.subscribe(self, lambda _: self.paint())
        self.call_after_refresh(self.paint)
        self.say("s makes a step, Enter the one that is pointed at, r runs, ? explains")

    def on_resize(self) -> None:
        """Write the net anew, as wide as it may be now."""
        self.call_after_refresh(self.paint)

    def rows(self, id: str) -> Rows:
        """Return a pane."""
        return self.screen_stack[0].query_one(f"#{id}", Rows)

    # -- showing -----------------------------------------------------------------------------------

    def paint(self) -> None:
        """Show the scene in all panes."""
        scene, net, steps = self.scene, self.rows("net"), self.rows("steps")
        net.show(net_lines(scene, net.scrollable_content_region.width, self.folded, self.filter))
        net.border_title = f"Net, filtered by {self.filter}" if self.filter else "Net"
        net.border_subtitle = f"{len(scene.nodes)} nodes"
        following = self.rows("next")
        following.show(choice_lines(scene, following.scrollable_content_region.width))
        following.border_title = _heading(scene)
        if not steps.has_focus:
            steps.at = -1
        steps.show(step_lines(scene), point_at="" if steps.has_focus else f"step {len(scene.steps)}")
        if not steps.has_focus:
            steps.call_after_refresh(steps.see, f"step {max(1, len(scene.steps))}")
        lit = [line.key for line in net.lines if line.is_lit]
        if lit and not net.has_focus:
            net.call_after_refresh(net.see, lit[0])
        self._paint_head()
        self.look("" if self._tells_net else self._pointed())

    def _paint_head(self) -> None:
        scene, styles = self.scene, styles_of(self)
        head = Text.assemble((scene.name, styles["title"]), f"  step {len(scene.steps)}  {scene.time:g} s  ")
        if scene.outcome:
            head.append(scene.outcome, styles["good" if scene.is_good else "bad"])
        elif scene.standing:
            head.append(scene.standing.partition(":")[0], styles["bad"])
        elif scene.is_ending:
            head.append("ending", styles["warn"])
        else:
            head.append("can go on", styles["accent"])
        if scene.timers:
            name, when = scene.timers[0]
            head.append(f"  next timer at {when:g} s ({name.rpartition(' of ')[2]})", styles["muted"])
        count = len(self.session.fsm.breakpoints)
        if count:
            head.append(f"  ● {count}", styles["bad"])
        self.screen_stack[0].query_one("#head", Static).update(head)

    def _pointed(self) -> str:
        """Return what is pointed at in the pane that has the focus."""
        focused = self.screen_stack[0].focused
        return focused.key if isinstance(focused, Rows) else ""

    def look(self, key: str) -> None:
        """Tell of something; while a step is made, the net is not to be touched."""
        if not self.worker.doing:
            look = self.screen_stack[0].query_one("#look")
            lines = wrapped(details(self.session, key), look.scrollable_content_region.width - 1)
            self.screen_stack[0].query_one("#text", Static).update(as_text(lines, self))

    def say(self, text: str, role: str = "muted") -> None:
        """Say something in the line below."""
        first, _, hint = text.partition("\n  hint: ")
        said = Text(first.replace("\n", " "), styles_of(self)[role])
        if hint:
            said.append(f"  {hint}", styles_of(self)["muted"])
        self.screen_stack[0].query_one("#said", Static).update(said)

    def on_rows_pointed(self, message: Rows.Pointed) -> None:
        """Tell of what is pointed at."""
        if message.rows.has_focus:
            self._tells_net = False
            self.look(message.key)

    def on_descendant_focus(self) -> None:
        """Tell of what is pointed at in the pane that was gone to."""
        key = self._pointed()
        if key:
            self.look(key)

    # -- doing -------------------------------------------------------------------------------------

    def perform(self, job: Callable[[], object]) -> None:
        """Do something with the session, in its turn, and show where it has led; what it returns is said."""
        self.run_worker(self._perform(job))

    async def _perform(self, job: Callable[[], object]) -> None:
        def all_of_it() -> tuple[object, Scene | None]:
            try:
                said = job()
            except Exception as error:
                said = error
            try:
                return said, scene_of(self.session)
            except FlowError as error:
                return error, None

        said, scene = await asyncio.wrap_future(self.worker.ask(all_of_it))
        if scene is not None:
            if len(scene.steps) != len(self.scene.steps):
                # Enter then makes what comes first, unless one points at something else.
                self.rows("next").forget()
            self.scene = scene
        # Why nothing goes on is what one wants to know then, until one points at something.
        self._tells_net = bool(self.scene.standing)
        self.paint()
        if isinstance(said, Exception):
            self.say(str(said) if isinstance(said, FlowError) else f"{type(said).__name__}: {said}", "bad")
        else:
            is_bad = bool(scene and scene.standing) and not str(said).startswith("step ")
            self.say(str(said) if said is not None else "", "bad" if is_bad else "")

    def _beat(self) -> None:
        """Say when something takes long."""
        self._waited = self._waited + _BEAT if self.worker.doing else 0.0
        if self._waited > 2 * _BEAT:
            making, count = self.session.making, len(self.session.steps)
            if making and count == self._count:
                self.say(f"a turn of {making} takes long; Esc interrupts only after it, q gives it up", "warn")
            else:
                self.say(f"working: {count:,} steps made; Esc interrupts", "warn")
            self._count = count

    def action_step(self) -> None:
        """Make the step that the driver chooses."""
        self.perform(lambda: _done(self.session.step()))

    def action_nth(self, number: int) -> None:
        """Make the step with this number in the list."""
        if number <= len(self.scene.choices):
            name = self.scene.choices[number - 1].name
            self.perform(lambda: _done(self.session.step(name)))

    def on_rows_chosen(self, message: Rows.Chosen) -> None:
        """Make the step, go to the step, fold the composite, or show the whole node."""
        kind, _, name = message.key.partition(" ")
        if kind == "choice":
            self.perform(lambda: _done(self.session.step(name)))
        elif kind == "step":
            self.perform(lambda: self.session.go_to(int(name)))
        elif kind == "composite":
            self.action_fold()
        elif not self.worker.doing:
            self.push_screen(Page(name, details(self.session, message.key)))

    def action_run(self) -> None:
        """Run to a breakpoint, a standstill or the end."""
        self.perform(self.session.run)

    def action_undo(self) -> None:
        """Take the last step back."""
        self.perform(self.session.undo)

    def action_redo(self) -> None:
        """Make the step again that was taken back last."""
        self.perform(lambda: _done(self.session.redo()))

    def action_restart(self) -> None:
        """Begin anew."""
        self.perform(self.session.start)

    def action_stop(self) -> None:
        """Ask the net to stop."""
        self.perform(lambda: _done(self.session.stop()))

    def action_interrupt(self) -> None:
        """Interrupt what runs."""
        self.session.interrupted.set()

    def action_interrupt_or_leave(self) -> None:
        """Interrupt what runs, or end when nothing does."""
        if self.worker.doing:
            self.session.interrupted.set()
        else:
            self.action_leave()

    def action_go(self) -> None:
        """Ask how far to go, and go."""

        def go(text: str | None) -> None:
            if text:
                self.perform(lambda: self.session.go(condition(text, self.session.fsm)))

        self.push_screen(Question("Go until", FORMS, words=self._words()), go)

    def _words(self) -> list[str]:
        nodes, ports = self.session.fsm.addresses()
        return [*nodes, *ports, "blocked", "time ", "step ", "where value "]

    # -- breakpoints, packets, files ---------------------------------------------------------------

    def action_break(self) -> None:
        """Set or clear a breakpoint at what is pointed at."""
        kind, _, name = self._pointed().partition(" ")
        if kind == "choice":
            name = next((choice.node for choice in self.scene.choices if choice.name == name), "")
        if kind not in ("node", "edge", "choice") or not name:
            self.say("point at a node or an edge, or press B for all breakpoints", "warn")
            return
        self.perform(lambda: f"breakpoint {'at' if self.session.toggle_breakpoint(name) else 'cleared:'} {name}")

    def action_breakpoints(self) -> None:
        """Show all breakpoints."""

        def toggle(text: str) -> list[str]:
            self.worker.do(lambda: self.session.toggle_breakpoint(text))
            self.perform(lambda: None)
            return there()

        def there() -> list[str]:
            return [str(each) for each in self.session.fsm.breakpoints]

        self.push_screen(Breakpoints(there(), toggle, FORMS, self._words()))

    def action_packets(self) -> None:
        """Show the packets of what is pointed at."""
        if self.worker.doing:
            return
        key = self._pointed()
        ids = packets_of(self.session, key)
        if not ids:
            self.say("no packets there: point at an edge, a node that holds some, a step, or a choice", "warn")
            return
        packets = self.session.fsm.net.packets
        lines = lineage_lines(packets, ids)
        title = f"Packets of {key.partition(' ')[2]}"
        self.push_screen(Packets(title, lines, lambda name, width: packet_lines(packets, name, width)))

    def action_write(self) -> None:
        """Ask for a file, and write the session to it."""

        def write(text: str | None) -> None:
            if text:
                self.perform(lambda: self._write(Path(text.strip())))

        name = f"test_{self.origin.name}_steps"
        fresh = (f"{name}{each}.py" for each in ("", *(f"_{number}" for number in range(2, 1000))))
        answer = next(each for each in fresh if not Path(each).exists())
        hint = "NAME.py is a test for pytest; any other file takes the choices, for fbdev step --script"
        self.push_screen(Question("Write the session to", hint, answer), write)

    def _write(self, path: Path) -> str:
        if path.suffix == ".py":
            save_test(path, self.session, self.origin)
            return f"written; run it with: pytest {path}"
        write_choices(path, self.session.fsm.choices, str(self.origin))
        return f"written; replay it with: fbdev step {self.origin.target} --script {path}"

    def action_snapshot(self) -> None:
        """Ask for a file, and write a snapshot to it."""

        def write(text: str | None) -> None:
            if text:
                self.perform(lambda: self.session.snapshot(Path(text.strip())))

        hint = "FSMRuntime(graph).restore(file) goes on from there"
        self.push_screen(Question("Write a snapshot to", hint, f"{self.origin.name}.snapshot"), write)

    # -- what is seen ------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Ask for a part of addresses, and show only what has it."""

        def only(text: str | None) -> None:
            if text is not None:
                self.filter = text.strip()
                self.paint()

        self.push_screen(Question("Filter the net by", "a part of an address; empty shows all", self.filter), only)

    def action_fold(self) -> None:
        """Fold or unfold the composite that is pointed at, or is around what is."""
        kind, _, name = self.rows("net").key.partition(" ")
        path = next((".".join(node.path) for node in self.scene.nodes if node.address == name), "")
        composite = name if kind == "composite" else path
        if composite:
            self.folded ^= {composite}
            self.paint()

    def action_about_net(self) -> None:
        """Tell of the net."""
        if not self.worker.doing:
            self.push_screen(Page(self.scene.name, details(self.session, "")))

    def action_zoom(self) -> None:
        """Give the pane that has the focus the whole screen, or take it back."""
        screen, focused = self.screen, self.screen.focused
        is_zoomed = screen.has_class("zoomed")
        for pane in screen.query("#left, #right, Rows, #look"):
            around = focused is not None and (pane is focused or pane in focused.ancestors)
            pane.set_class(not around and not is_zoomed, "aside")
            pane.set_class(around and not is_zoomed, "zoom")
        screen.set_class(not is_zoomed, "zoomed")
        self.call_after_refresh(self.paint)

    def action_light(self) -> None:
        """Change between dark and light."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_help(self) -> None:
        """Explain the keys."""
        self.push_screen(Page("fbdev step", help_lines()))

    def action_leave(self) -> None:
        """End."""
        self.session.interrupted.set()
        self.exit()


def _heading(scene: Scene) -> str:
    if not scene.choices:
        return "Next: nothing"
    is_blocked = [choice.kind for choice in scene.choices] == ["blocked"]
    return "Next: nothing but the end" if is_blocked else f"Next: {len(scene.choices)} can happen"


def _done(step: Any) -> str:
    return f"step {one_line(str(step)).strip()}"

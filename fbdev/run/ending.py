"""How a run ended, in words for people."""

from fbcore.net.report import Outcome, Result
from fbdev.colour import coloured
from fbdev.run.rates import moved

_HINTS = {
    Outcome.STARVED: "feed the input that is missing, or take the packets that lie there",
    Outcome.DEADLOCKED: "give an edge of the circle more room: graph.connect(a.out, b.value, capacity=...)",
}


def ending(result: Result, *, debug: bool = False) -> str:
    """Return the line that says how a net ended, and below it where packets went that did not come out.

    With `debug` the tracebacks of errors come first.
    """
    lines = result.summary().splitlines()
    details = [line for line in lines[1:] if not line.startswith(("  output  ", "  read  "))]
    text = "\n".join([_first(result), *details, *_hint(result, debug=debug)])
    if debug and result.errors:
        text = "\n".join([*(error.traceback.rstrip() for error in result.errors), text])
    return text


def _first(result: Result) -> str:
    count = moved(result)
    packets = f"{count:,} packet{'' if count == 1 else 's'}"
    rate = f", {count / result.seconds:,.0f}/s" if result.seconds > 0 else ""
    colour = "green" if result.outcome.is_good else "yellow" if result.outcome is Outcome.STOPPED else "red"
    outcome = coloured(str(result.outcome), "bold", colour)
    is_said = result.outcome is Outcome.QUIESCENT or result.errors
    reason = f" ({result.reason})" if result.reason and not is_said else ""
    return f"{result.name}: {outcome} after {_seconds(result.seconds)}, {packets}{rate}{reason}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 60 else f"{int(seconds // 60)} min {seconds % 60:.0f} s"


def _hint(result: Result, *, debug: bool) -> list[str]:
    if result.errors and not debug:
        return ["  hint: --debug shows the traceback"]
    if result.outcome in _HINTS:
        return [f"  hint: {_HINTS[result.outcome]}"]
    files = dict.fromkeys(file for places in result.dead_letters.counts.values() for file in places)
    return [f"  hint: `fbdev dead-letters {file}` shows them" for file in files if file != "memory"][:1]

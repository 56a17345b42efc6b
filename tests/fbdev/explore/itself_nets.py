"""The nets that fbcore itself is explored on: two or three nodes, one or two packets, each with what is special to it.

`PLANS` are written in the words of the laws (`tests.laws.plan`), and end as the reference of the laws does. The orders
of those in `LARGE` are too many for the suite: `make itself` goes through them.
"""

from __future__ import annotations

from tests.laws.plan import written

PLANS = {
    # Capacity, and closing downwards: who sends ends first, and the rest is drained.
    "line": written("x=source/class/2 y=map", "x.out->y.value y.out->outputs.o"),
    "roomy line": written("x=source/class/2 y=map", "x.out->y.value:2 y.out->outputs.o"),
    "functions": written("x=source/generator/2 y=map/sync", "x.out->y.value y.out->outputs.o"),
    "asynchronous functions": written("x=source/async_generator/1 y=map/async", "x.out->y.value y.out->outputs.o"),
    "input": written("x=map", "inputs.a->x.value x.out->outputs.o", a=2),
    "at the end": written("x=source/class/2 y=collect", "x.out->y.value y.out->outputs.o"),
    "leading nowhere": written("x=source/class/2 y=map", "x.out->y.value"),
    "forwarding": written("x=source/class/2 y=forward/sync", "x.out->y.value y.out->outputs.o"),
    "initial packets": written("x=join/sync", "initial.0->x.left initial.1->x.right x.out->outputs.o"),
    "composite": written("c.x=source/class/1 c.y=map", "c.x.out->c.y.value c.y.out->outputs.o"),
    # Closing upwards: who takes ends first.
    "early end": written("x=source/class/2 y=take/class/1", "x.out->y.value y.out->outputs.o"),
    "early end of a function": written("x=source/generator/2 y=take/class/1", "x.out->y.value:2 y.out->outputs.o"),
    # Several edges at one port.
    "fan-in of initial packets": written("x=map", "initial.0->x.value initial.1->x.value:2 x.out->outputs.o"),
    # Two inputs.
    "half-fed zip": written("x=zipped", "initial.0->x.left inputs.a->x.right x.out->outputs.o", a=0),
    "select": written("x=source/class/1 y=either", "x.out->y.left initial.0->y.right y.out->outputs.o"),
    # Circles.
    "self-loop": written("x=spin/class/2", "initial.0->x.value:2 x.again->x.value x.out->outputs.o"),
    "self-loop of a function": written("x=orbit/sync/2", "initial.0->x.value x.out->x.value x.out->outputs.o"),
    "flush": written("x=collect y=collect", "x.out->y.value y.out->x.value y.out->outputs.o"),
    "full self-loop": written("x=expand/class/3", "initial.0->x.value x.out->x.value x.out->outputs.o"),
    "deadlock": written("x=eager/class/2 y=eager/class/2", "x.out->y.value y.out->x.value x.done->outputs.o"),
    # Failures and stops.
    "stopped by a signal": written("x=source/class/1 y=source/class/1", "x.out->y.stop y.out->outputs.o"),
    "error port": written("x=fail/class/1 y=collect", "initial.0->x.value x.error->y.value y.out->outputs.o"),
    "failing": written("x=fail/sync/1 y=source/class/1", "initial.0->x.value x.out->outputs.o y.out->outputs.p"),
    "stopped by a class": written(
        "x=stop/class/1 y=source/class/1", "initial.0->x.value x.out->outputs.o y.out->outputs.p"
    ),
    "stopped by a function": written(
        "x=stop/sync/1 y=source/class/1", "initial.0->x.value x.out->outputs.o y.out->outputs.p"
    ),
    # Configs and signals.
    "fed config": written("x=source/class/1 y=scale", "x.out->y.factor initial.0->y.value y.out->outputs.o"),
    "fed config of a function": written(
        "x=source/class/1 y=scale/sync", "x.out->y.factor initial.0->y.value y.out->outputs.o"
    ),
    "config that changes": written("x=source/class/2 y=follow", "x.out->y.factor y.out->outputs.o"),
    "execute": written("x=source/generator/1 y=source/generator/1", "x.executed->y.execute y.out->outputs.o"),
    "messages": written("x=source/class/1 y=collect", "x.stopped->y.value y.out->outputs.o"),
}
"""By name; each has a few hundred orders at the most."""

HALTED = {
    "input": written("x=map", "inputs.a->x.value x.out->outputs.o", a=1),
    "function": written("x=map/sync", "initial.0->x.value x.out->outputs.o"),
    "source": written("x=source/class/2 y=take/class/1", "x.out->y.value"),
    "self-loop": written("x=spin/class/2", "initial.0->x.value x.again->x.value x.out->outputs.o"),
    "failing": written("x=fail/class/1", "initial.0->x.value x.out->outputs.o"),
    "deadlock": written("x=expand/class/2", "initial.0->x.value x.out->x.value"),
}
"""Of these somebody outside asks for the end at any moment, too."""

LARGE = {
    "stop signal": written("x=source/class/1 y=map", "initial.0->y.value x.out->y.stop y.out->outputs.o"),
    "one after the other": written("x=source/class/1 y=concat", "x.out->y.right initial.0->y.left y.out->outputs.o"),
    "fires on any": written("x=source/class/1 y=latest/sync", "x.out->y.left initial.0->y.right y.out->outputs.o"),
    "half-fed zip of a source": written(
        "x=source/class/2 y=zipped", "x.out->y.left:2 initial.0->y.right y.out->outputs.o"
    ),
    "half-fed join": written("x=source/class/2 y=join/sync", "x.out->y.left initial.0->y.right y.out->outputs.o"),
    "flush": written("x=spin/class/2 y=collect", "initial.0->x.value x.again->x.value x.out->y.value y.out->outputs.o"),
    "line of three": written("x=source/class/1 y=map z=map/sync", "x.out->y.value y.out->z.value z.out->outputs.o"),
    "two packets through three": written(
        "x=source/class/2 y=map z=take/class/1", "x.out->y.value y.out->z.value z.out->outputs.o"
    ),
    "fan-out": written(
        "x=source/class/1 y=map z=map", "x.out->y.value x.out->z.value y.out->outputs.o z.out->outputs.p"
    ),
    "fan-out, one ends early": written(
        "x=source/class/2 y=take/class/1 z=collect", "x.out->y.value x.out->z.value z.out->outputs.o"
    ),
    "fan-in of two sources": written(
        "x=source/class/1 y=source/class/1 z=map", "x.out->z.value y.out->z.value z.out->outputs.o"
    ),
    "select of two sources": written(
        "x=source/class/1 y=source/class/1 z=either", "x.out->z.left y.out->z.right z.out->outputs.o"
    ),
    "half-fed zip of two sources": written(
        "x=source/class/2 y=source/class/1 z=zipped", "x.out->z.left y.out->z.right z.out->outputs.o"
    ),
    "diamond": written(
        "x=source/class/1 y=map z=zipped", "x.out->y.value x.out->z.left y.out->z.right z.out->outputs.o"
    ),
    "roomy deadlock": written("x=eager/class/2 y=eager/class/2", "x.out->y.value:2 y.out->x.value x.done->outputs.o"),
    "ring": written("x=spin/class/3 y=map", "initial.0->x.value x.again->y.value y.out->x.value x.out->outputs.o"),
    "twins": written("x=twins y=collect", "initial.0->x.value x.out->y.value y.out->outputs.o"),
    "work outside": written("x=nap y=map/sync", "initial.0->x.value x.out->y.value y.out->outputs.o"),
    "composite of two": written(
        "c.x=source/class/1 c.y=map z=map", "c.x.out->c.y.value c.y.out->z.value z.out->outputs.o"
    ),
    "stop signal beside packets": written(
        "x=source/class/1 y=map z=source/class/1", "x.out->y.value z.out->y.stop y.out->outputs.o"
    ),
    "error port of a class and a function": written(
        "x=fail/sync/1 y=fail/class/1 z=collect",
        "initial.0->x.value x.out->z.value x.error->y.value y.error->z.value z.out->outputs.o",
    ),
}

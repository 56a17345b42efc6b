"""Options of components: how a node works, whatever flows through it. Said once for a class, and again for a node."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypedDict

from fbcore.errors import GraphError, shown
from fbcore.model.nearest import nearest
from fbcore.model.port import Config, In, Message, Out, Signal

Fires = Literal["all", "any"]
Kind = Literal["class", "function", "composite"]


class Options(NamedTuple):
    """How a node works; `component.options` are those of a component, and `graph.add(..., options={...})` changes some.

    A class says them in its body, where they are inherited as all else is; a function says them to `@component`, and
    whoever uses a template to that.

    `execute_after_start`: whether a node runs when it starts. None: it does, unless somebody is connected to its
    `execute`, and then once for every signal. True: it does in any case, as if one signal had come already. False:
    never before a signal comes, so that something must be connected to `execute`.

    `loop`: whether the work is done again and again. True: `run` of a class is called again as soon as it returns,
    until everything that it could receive from has ended; without inputs, until nobody takes what it sends or the net
    stops. A round that waits for a packet when the last input ends is over there. A function fires for every packet
    anyway, and with True one without inputs fires again and again, too. False: once only, also a function with
    inputs. None is False for classes, and True for functions that have inputs. Where `execute` is connected, this says
    what one signal does.

    `stateless`, of classes: what `run` knows between two receives is in its `Memory`, and there is none, so that it
    can be begun anew at any of them.

    `fires` and `buffered`, of functions: as `component` says.

    Example:
        class Shout(Component):
            text: In[str]
            loud: Out[str]
            loop = True

            async def run(self) -> None:
                await self.loud.send((await self.text.receive()).upper())

        print(Shout.options.loop, BatchRuntime(Shout).run(inputs={"text": Each(["a", "b"])}).outputs.loud)
        #> True ['A', 'B']

        graph = Graph("first")
        shout = graph.add(Shout, options={"loop": False})
        graph.inputs.text >> shout.text
        shout.loud >> graph.outputs.loud
        print(BatchRuntime(graph).run(inputs={"text": Each(["a", "b"])}).outputs.loud)
        #> ['A']
    """

    execute_after_start: bool | None = None
    loop: bool | None = None
    stateless: bool = False
    fires: Fires = "all"
    buffered: bool = False

    @property
    def said(self) -> dict[str, Any]:
        """What is not as it is by default, by name."""
        return {name: value for name, value in self._asdict().items() if value != getattr(_DEFAULTS, name)}

    def changed(self, kind: Kind, owner: str, given: Mapping[str, Any], others: Iterable[str] = ()) -> Options:
        """Return these options, some of which are said otherwise for a component of this kind.

        `others` are names that whoever says them might have meant as well.

        Raises:
            GraphError: there is no such option, a component of this kind has none, or it cannot have this value.
        """
        for name, value in given.items():
            check_option(kind, owner, name, value, others)
        return self._replace(**given) if given else self


_DEFAULTS = Options()


class NodeOptions(TypedDict, total=False):
    """What `graph.add(..., options={...})` takes: the fields of `Options`, none of which must be there."""

    execute_after_start: bool | None
    loop: bool | None
    stateless: bool
    fires: Fires
    buffered: bool


NAMES = Options._fields
"""The names of all options."""

_VALUES: dict[str, tuple[Any, ...]] = {
    "execute_after_start": (True, False, None),
    "loop": (True, False, None),
    "stateless": (True, False),
    "fires": ("all", "any"),
    "buffered": (True, False),
}
_ONLY_OF: dict[str, Kind] = {"stateless": "class", "fires": "function", "buffered": "function"}
_OF_CLASSES = {name: usual for name, usual in _DEFAULTS._asdict().items() if _ONLY_OF.get(name, "class") == "class"}
_PORTS = (In, Out, Config, Signal, Message)
_OTHERS: dict[Kind, str] = {
    "class": "a class receives as it likes, in `run`",
    "function": "a function knows nothing from one firing to the next but its `Memory` anyway",
}


def check_option(kind: Kind, owner: str, name: str, value: Any, others: Iterable[str] = ()) -> None:
    """Check that a component of this kind has an option, and that this is a value for it.

    Raises:
        GraphError: it has none, or not this value; the hint names the nearest option that there is.
    """
    mine = [each for each in NAMES if _ONLY_OF.get(each, kind) == kind]
    if kind == "composite":
        hint = "give it to a component inside, which does the work"
        raise GraphError(f"a composite has no options, and so no {name}", owner, hint)
    if name not in NAMES:
        known = [*mine, *others]
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"there are: {', '.join(known)}"
        raise GraphError(f"there is no option {name}", owner, hint)
    if name not in mine:
        whom = "classes" if kind == "function" else "functions"
        raise GraphError(f"{name} is an option of {whom}", owner, f"leave it away: {_OTHERS[kind]}")
    if not any(value is each or (type(value) is str and value == each) for each in _VALUES[name]):
        ways = " or ".join(f'{name}="{each}"' if type(each) is str else f"{name}={each}" for each in _VALUES[name][:2])
        raise GraphError(f"{name} cannot be {shown(value)}", owner, f"say {ways}")


def check_body(kind: Kind, cls: type) -> None:
    """Check what the body of a class says of options, and what might be meant to be one.

    A name that is nearly that of an option, and is True, False or None, is taken for a slip.

    Raises:
        GraphError: there is no such option for a component of this kind, or it cannot have this value.
    """
    annotated = inspect.get_annotations(cls)
    for name, value in vars(cls).items():
        if name in NAMES and not isinstance(value, _PORTS):
            check_option(kind, cls.__name__, name, value)
        elif (value is None or type(value) is bool) and name not in annotated and name[:1] != "_":
            near = nearest(name, NAMES)
            if near and near not in vars(cls):
                hint = f"did you mean {near}? What is yours, and no option, says so: `{name}: ClassVar[...] = {value}`"
                raise GraphError(f"there is no option {name}", cls.__name__, hint)


def refuse_keywords(cls: type, keywords: Mapping[str, Any]) -> None:
    """Refuse options beside the bases of a class, where many libraries have theirs.

    Raises:
        GraphError: there is one.
    """
    for name in NAMES:
        if name in keywords:
            hint = f"write `{name} = {keywords[name]!r}` in the body of {cls.__name__}"
            raise GraphError(f"{name} is said in the body of a class, not beside its bases", cls.__name__, hint)


class ClassOptions:
    """Makes `SomeComponent.options` what the class says of options, and its bases: they are attributes like others."""

    def __get__(self, instance: object, owner: Any) -> Options:
        # What is as usual needs no check, and nearly all is: this is asked for each node.
        said = {name: value for name, usual in _OF_CLASSES.items() if (value := getattr(owner, name)) is not usual}
        return _DEFAULTS.changed("class", owner.__name__, said)

"""Templates: families of components, of which a call makes one."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar, get_args, overload

from fbcore.errors import GraphError, shown
from fbcore.model.address import is_id
from fbcore.model.call_text import call_text
from fbcore.model.component import Component
from fbcore.model.composite import CompositeComponent
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import Graph
from fbcore.model.made import is_named, metaclass_over
from fbcore.model.nearest import nearest
from fbcore.model.options import NAMES, Kind, check_option
from fbcore.model.types import Resolved, name_of, reader, reason, resolve

P = ParamSpec("P")
C = TypeVar("C")

_LONGEST = 60
"""Characters of a label; drawings and tables have no room for more."""


class ComponentTemplate(Generic[P, C]):
    """A family of components: a function of parameters that makes a component, with ports that depend on them.

    What it returns is a class, a decorated function, or a graph, and what a call makes is a component like any other:
    given to `graph.add`, inherited from, looked at. It is shown as the call that made it, and can be stored in a graph
    as data. Values of parameters are read as configs are: `"3"` is a float where one is wanted.

    Every template takes two things besides its parameters: `name`, which the component is then called by, and the
    `Options` of components.

    Raises:
        GraphError: there is no such parameter or option, a value does not fit, or what was made is no component.

    Example:
        from typing import Any

        @ComponentTemplate
        def above(limit: float, kind: type = float) -> Any:
            '''Let through what is above a limit.'''

            class Above(Component):
                value: In[kind]
                high: Out[kind]

                async def run(self) -> None:
                    async for value in self.value:
                        if value > limit:
                            await self.high.send(value)

            return Above

        warm = above(20)
        print(warm)
        print(BatchRuntime(warm).run(inputs={"value": Each([18.5, 21.0])}).outputs.high)
        #> <component above(limit=20.0)>
        #> [21.0]
        try:
            above(limt=3)
        except GraphError as error:
            print(error)
        #> above: there is no parameter limt
        #>   hint: did you mean limit?
    """

    def __init__(self, make: Callable[P, C]) -> None:
        if not inspect.isroutine(make):
            hint = "decorate a function that returns a component: @ComponentTemplate"
            raise GraphError(f"a template is a function, not {shown(make)}", hint=hint)
        if inspect.iscoroutinefunction(make):
            hint = "write `def`: what takes long is the work of the component that it makes"
            raise GraphError("a template cannot be an async function", make.__name__, hint)
        functools.update_wrapper(self, make)
        self._make = make
        self._name = make.__name__
        self._signature = self.__signature__ = inspect.signature(make)
        self._kinds: dict[str, Resolved] = {}
        self._local_names = sys._getframe(1).f_locals
        for name, parameter in self._signature.parameters.items():
            if name == "name" or name in NAMES:
                hint = "every template takes it anyway; give the parameter another name"
                raise GraphError(f"a parameter cannot be called {name}", self._name, hint)
            if parameter.kind is parameter.VAR_KEYWORD:
                hint = "write out the parameters, so that a wrong one can be found"
                raise GraphError(f"a template cannot take **{name}", self._name, hint)

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> C: ...
    @overload
    def __call__(
        self,
        *args: Any,
        name: str,
        loop: bool | None = None,
        execute_after_start: bool | None = None,
        stateless: bool = False,
        **kwargs: Any,
    ) -> C: ...
    @overload
    def __call__(
        self, *args: Any, loop: bool | None, execute_after_start: bool | None = None, stateless: bool = False, **kw: Any
    ) -> C: ...
    @overload
    def __call__(self, *args: Any, execute_after_start: bool | None, stateless: bool = False, **kw: Any) -> C: ...
    @overload
    def __call__(self, *args: Any, stateless: bool, **kw: Any) -> C: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make a component of the family."""
        return self.made(args, kwargs, sys._getframe(1).f_globals.get("__name__", __name__))

    def made(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], module: str) -> Any:
        """Make a component, as if it stood in a module."""
        given = {key: value for key, value in kwargs.items() if key != "name" and key not in NAMES}
        options = {key: value for key, value in kwargs.items() if key in NAMES}
        name = kwargs.get("name")
        if name is not None and (type(name) is not str or not is_id(name)):
            raise GraphError(
                f"{shown(name)} cannot be the name of a component", self._name, "use letters, digits and _"
            )
        bound = self._bound(args, given)
        found = self._make(*bound.args, **bound.kwargs)
        parts = {**bound.arguments, **options}
        label = name or getattr(found, "_label", "") or self._label(bound.arguments)
        call = (_again, self, parts, name, module)
        if isinstance(found, Graph):
            found = found.as_component(name)
        is_class = isinstance(found, type) and issubclass(found, Component)
        if found in (Component, CompositeComponent) or not (is_class or isinstance(found, FunctionComponent)):
            hint = "return a class derived from Component, a function decorated with @component, or a graph"
            raise GraphError(f"the template has made {shown(found)}, which is no component", self._name, hint)
        return derived(found, options, name, module, {"_label": label, "_made_by": call})

    def again(self, parts: Mapping[str, Any], name: str | None, module: str) -> Any:
        """Make a component again of what `call_of` returns: parameters and options, and its name."""
        parameters = self._signature.parameters
        first = list(next(((key,) for key, each in parameters.items() if each.kind is each.VAR_POSITIONAL), ()))
        before = list(parameters)[: list(parameters).index(first[0])] if first else []
        before += [key for key, each in parameters.items() if each.kind is each.POSITIONAL_ONLY and key not in before]
        args = [parts[key] for key in before if key in parts]
        args += parts.get(first[0], ()) if first else ()
        kwargs = {key: value for key, value in parts.items() if key not in (*before, *first)}
        return self.made(tuple(args), {**kwargs, **({"name": name} if name is not None else {})}, module)

    def _bound(self, args: tuple[Any, ...], given: Mapping[str, Any]) -> inspect.BoundArguments:
        known = list(self._signature.parameters)
        for key in given:
            if key not in known:
                near = nearest(key, [*known, "name", *NAMES])
                others = f"it has: {', '.join(known) or 'none'}; every template takes name, {', '.join(NAMES)}"
                hint = f"did you mean {near}?" if near else others
                raise GraphError(f"there is no parameter {key}", self._name, hint)
        try:
            bound = self._signature.bind(*args, **given)
        except TypeError as error:
            raise GraphError(str(error), self._name, f"it is called {self.call_text}") from None
        for key, value in bound.arguments.items():
            if self._signature.parameters[key].kind is not inspect.Parameter.VAR_POSITIONAL:
                bound.arguments[key] = self._read(key, value)
        return bound

    def _read(self, key: str, value: Any) -> Any:
        """Return the value of a parameter, as its annotation wants it."""
        parameter = self._signature.parameters[key]
        if parameter.annotation is parameter.empty or value is parameter.default:
            return value
        if key not in self._kinds:
            self._kinds[key] = resolve(parameter.annotation, self._local_names, getattr(self._make, "__globals__", {}))
        kind, is_known = self._kinds[key]
        if not is_known or type(value) in (kind, *get_args(kind)):
            return value
        try:
            return reader(kind, strict=False)(value)
        except (ValueError, TypeError) as error:
            what = f"{shown(value)} is no {name_of(kind)}: {reason(error)}"
            raise GraphError(what, f"{self._name}.{key}", f"give a value of type {name_of(kind)}") from None

    def _label(self, arguments: Mapping[str, Any]) -> str:
        said: list[str] = []
        for key, value in arguments.items():
            if self._signature.parameters[key].kind is inspect.Parameter.VAR_POSITIONAL:
                said += map(_shown, value)
            else:
                said.append(f"{key}={_shown(value)}")
        text = ", ".join(said)
        return f"{self._name}({text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'})"

    def __repr__(self) -> str:
        return f"<template {self.call_text}>"

    @property
    def call_text(self) -> str:
        """How the template is called: `above(limit: float)`."""
        return call_text(self._name, self._signature)

    def __reduce__(self) -> str:
        return self.__qualname__

    __name__: str
    __qualname__: str


def _again(template: ComponentTemplate[..., Any], parts: Mapping[str, Any], name: str | None, module: str) -> Any:
    """Make a component again, as unpickling does."""
    return template.again(parts, name, module)


def call_of(component: Any) -> tuple[ComponentTemplate[..., Any], dict[str, Any], str | None] | None:
    """Return the template that has made a component, with its parameters and options, and the name it was given.

    None where nothing need be known of that: it was made by none, or is found again by its name.
    """
    call = getattr(component, "__dict__", {}).get("_made_by", ())
    if not call or call[0] is not _again or is_named(component):
        return None
    return call[1], call[2], call[3]


def _shown(value: Any) -> str:
    if isinstance(value, Graph):
        return value.name
    return value.__name__ if isinstance(value, type | FunctionComponent) or inspect.isroutine(value) else shown(value)


def derived(
    found: Any, options: Mapping[str, Any], name: str | None, module: str, attributes: Mapping[str, Any]
) -> Any:
    """Return a component like another one, as if it stood in a module: with options, and a name, of its own.

    Raises:
        GraphError: it has no such options, or this is no name.
    """
    if name is not None and (type(name) is not str or not is_id(name)):
        raise GraphError(
            f"{shown(name)} cannot be the name of a component", found.__name__, "use letters, digits and _"
        )
    make = _function if isinstance(found, FunctionComponent) else _class
    return make(found, options, name, module, attributes)


def _class(
    found: type[Component], options: Mapping[str, Any], name: str | None, module: str, body: Mapping[str, Any]
) -> Any:
    kind: Kind = "composite" if issubclass(found, CompositeComponent) else "class"
    chosen = name or found.__name__
    for option, value in options.items():
        check_option(kind, chosen, option, value)
    made: Any = metaclass_over(type(found))(
        chosen,
        (found,),
        {**body, **options, "__doc__": found.__doc__, "__module__": module, "__qualname__": chosen},
    )
    # Errors are to name the lines that somebody wrote.
    made._declared.place = found._declared.place
    return made


def _function(
    found: FunctionComponent[..., Any, Any],
    options: Mapping[str, Any],
    name: str | None,
    module: str,
    body: Mapping[str, Any],
) -> Any:
    made = copy.copy(found)
    vars(made).update(body, _spec=None, __module__=module)
    made.options = found.options.changed("function", name or found.function.__name__, options)
    made.check_options(made.options)
    if name is None and found._spec is not None:
        name = found.spec.name
    if name is not None:
        vars(made).update(__name__=name, __qualname__=name)
    return made

"""Libraries: modules whose components others find by name, and know from their documentation."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from textwrap import dedent
from typing import Any

from fbcore.errors import GraphError
from fbcore.model.address import Place, caller
from fbcore.model.component import Component
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.composite import CompositeComponent
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import spec_of
from fbcore.model.problem import Problem
from fbcore.model.template import ComponentTemplate


def setup_complib() -> None:
    """Check the library that calls this at the end of its module; it can be imported only if it is in order.

    Each component and template must be found by its name: the variable is called as the class or function is, and its
    `__module__` is this module, or the one that it was imported from. It has a docstring, which names every port, in
    words or in its example; a docstring below the line of a port does as well. Names that begin with `_` are nobody's
    business. `fbdev check --complib PACKAGE` looks at a whole package in this way, from outside.

    Raises:
        GraphError: it is not in order; `problems` are all that was found, with places and hints.

    Example:
        Loud = component(lambda text: text.upper())
        try:
            setup_complib()
        except GraphError as error:
            print(error.problems[0].what)
        #> the component Loud is called <lambda>
    """
    names = sys._getframe(1).f_globals
    module = str(names.get("__name__", ""))
    problems = list(library_problems(module, names, caller()))
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise GraphError(f"library {module} is not in order: {count}", problems=problems)


def members(names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the components and templates among the names of a module, but for those that begin with `_`."""
    return {name: value for name, value in names.items() if not name.startswith("_") and _is_member(value)}


def library_problems(module: str, names: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    """Find what is not in order with the components and templates of a module, so that others could use them."""
    for name, member in members(names).items():
        if _is_from_elsewhere(name, member, module):
            continue
        yield from _misnamed(name, member, module, place)
        if member.__name__ != name and names.get(member.__name__) is member:
            # It stands there by its own name, too, and is looked at there.
            continue
        if isinstance(member, ComponentTemplate):
            if not inspect.getdoc(member):
                yield Problem("this template has no docstring", name, place, "say what it makes, below its first line")
            continue
        try:
            spec = spec_of(member)
        except GraphError as error:
            yield Problem(error.what, error.address or name, place, error.hint)
            continue
        for port, what, hint in spec.problems:
            yield Problem(what, f"{name}.{port}" if port else name, spec.place, hint)
        yield from _undocumented(name, spec)


def _is_member(value: Any) -> bool:
    if isinstance(value, type):
        return issubclass(value, Component) and value not in (Component, CompositeComponent)
    return isinstance(value, FunctionComponent | ComponentTemplate)


def _is_from_elsewhere(name: str, member: Any, module: str) -> bool:
    """Say whether a member was imported from the module that it is found in, under whatever name."""
    home = sys.modules.get(member.__module__)
    return member.__module__ != module and home is not None and vars(home).get(member.__name__) is member


def _misnamed(name: str, member: Any, module: str, place: Place) -> Iterator[Problem]:
    what = "template" if isinstance(member, ComponentTemplate) else "component"
    if member.__module__ != module:
        hint = (
            f"define it in this module, or import it from where it is defined; it says that this is {member.__module__}"
        )
        yield Problem(f"nobody finds the {what} {name} again, for its __module__ is another", name, place, hint)
    elif member.__name__ != name:
        hint = f"rename one of them, or give the {what} its name: name={name!r} where a template makes it"
        yield Problem(f"the {what} {name} is called {member.__name__}", name, place, hint)
    elif member.__qualname__ != name:
        hint = "move it to the top level of the module"
        yield Problem(f"the {what} {name} is local: {member.__qualname__}", name, place, hint)


def _undocumented(name: str, spec: ComponentSpec) -> Iterator[Problem]:
    if not spec.doc:
        yield Problem("this component has no docstring", name, spec.place, "say what it does, below its first line")
        return
    words = set(re.findall(r"\w+", spec.doc))
    described = port_docs(spec.target)
    for port in spec.ports:
        is_the_output = port == "out" and isinstance(spec.target, FunctionComponent)
        if port not in words and port not in described and not is_the_output:
            hint = f"name `{port}` in the docstring of {name}, or write a docstring below the line of the port"
            yield Problem("nothing is said of this port", f"{name}.{port}", spec.place, hint)


def port_docs(target: Any) -> dict[str, str]:
    """Return what the docstrings of ports say that stand below their lines in the body of a class.

    Example:
        from fbcore.model.complib import port_docs

        @component
        def shout(text: str) -> str:
            return text.upper()

        print(port_docs(shout))
        #> {}
    """
    found: dict[str, str] = {}
    for cls in target.__mro__ if isinstance(target, type) else ():
        if cls is Component or not issubclass(cls, Component):
            continue
        try:
            tree = ast.parse(dedent(inspect.getsource(cls)))
        except (OSError, TypeError, SyntaxError):
            continue
        body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
        for line, below in pairwise(body):
            text = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else None
            if isinstance(text, str) and isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                found.setdefault(line.target.id, inspect.cleandoc(text))
    return found

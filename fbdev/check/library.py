"""The process in which all modules of a package are imported, and checked as a library."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from fbcore.errors import FlowError, GraphError
from fbcore.formats.port_sheet import component_sheet
from fbcore.model.address import Place
from fbcore.model.complib import library_problems, members, port_docs
from fbcore.model.graph import spec_of
from fbcore.model.problem import Problem
from fbcore.model.template import ComponentTemplate
from fbcore.source.import_failure import import_failure
from fbcore.source.package import importable
from fbdev.check.bodies import not_awaited
from fbdev.check.child import Report
from fbdev.check.components import not_resolved
from fbdev.check.finding import Finding, Level
from fbdev.check.graphs import of_problems
from fbdev.check.import_watch import GROUP, ImportWatch


def main() -> None:
    """Check a package, and write what was found into a file: both are arguments, and the seconds an import may take."""
    package, file, limit = sys.argv[1:]
    report = Report(Path(file))
    timer = threading.Timer(float(limit), report.give_up, [threading.main_thread().ident, limit])
    timer.daemon = True
    timer.start()
    watch = ImportWatch()
    modules: list[ModuleType] = []
    with importable(Path.cwd()):
        if not _is_there(package):
            report.tell(usage=f"there is no package {package}\n  hint: {_where_it_was_looked_for(package)}")
            report.end()
        with watch.watching():
            modules = list(_imported(package, report))
    timer.cancel()
    report.add(_as_errors(finding, package.partition(".")[0]) for finding in watch.findings)
    try:
        _check(modules, report)
    except Exception:
        # A mistake of ours, which is not to look like one of the library's.
        report.tell(mistake=traceback.format_exc())
    report.end()


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except Exception:
        # Its parent cannot be imported, which is told when it is imported itself; or the name is none.
        return "." in package.strip(".") and all(part.isidentifier() for part in package.split("."))


def _where_it_was_looked_for(package: str) -> str:
    if "/" in package or package.endswith(".py"):
        name = ".".join(part for part in package.removesuffix(".py").split("/") if part not in ("", "."))
        return f"write its name, as after `import`: {name}; a file by itself is checked without --complib"
    return f"it is looked for as `import {package}` would, and in {Path.cwd()}"


def _imported(name: str, report: Report) -> Iterator[ModuleType]:
    """Import a module and all that are in it, and tell of each that cannot be."""
    report.looks_at(name)
    try:
        module = importlib.import_module(name)
    except BaseException as error:
        report.add(_failure(name, error))
        return
    yield module
    for each in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
        # What is run by `python -m` does its work when it is imported, and is no part of a library.
        if not each.name.endswith(".__main__"):
            yield from _imported(each.name, report)
    for folder in _folders_without_init(module):
        if module.__file__ is None:
            yield from _imported(f"{name}.{folder.name}", report)
        else:
            hint = "write one, if only an empty one, or move the files"
            what = f"the folder {folder.name} has no __init__.py, and so its files are no part of it"
            report.add([Finding(name, Level.WARNING, what, place=str(folder), hint=hint)])


def _folders_without_init(module: ModuleType) -> Iterator[Path]:
    """Return the folders in a package that hold modules and are none: all that a namespace package may consist of."""
    for path in dict.fromkeys(Path(path).resolve() for path in getattr(module, "__path__", ())):
        for folder in sorted(path.iterdir()):
            is_package = not folder.name.isidentifier() or (folder / "__init__.py").is_file()
            if folder.is_dir() and not is_package and any(folder.glob("*.py" if module.__file__ else "**/*.py")):
                yield folder


def _failure(name: str, error: BaseException) -> Iterator[Finding]:
    """Say why a module cannot be imported; of one that has checked itself, all that it found."""
    problems = error.problems if isinstance(error, GraphError) else ()
    found = [each for each in problems if isinstance(each, Problem)]
    if found:
        yield from of_problems(found, name)
        return
    if isinstance(error, FlowError):
        yield Finding(name, Level.ERROR, error.what, error.address, hint=error.hint)
        return
    spec = importlib.util.find_spec(name)
    told = import_failure(error, ModuleType(name), Path(spec.origin if spec and spec.origin else name))
    yield Finding(name, Level.ERROR, told.what, place=told.address, hint=told.hint)


def _as_errors(finding: Finding, top: str) -> Finding:
    """Take what a library does when it is imported for an error: its users cannot mend that."""
    own = f"importing {top} "
    if finding.group == GROUP and (finding.level is Level.WARNING or finding.what.startswith(own)):
        return finding._replace(level=Level.ERROR, what=finding.what.replace(own, "importing it "))
    return finding


def _check(modules: list[ModuleType], report: Report) -> None:
    """Check the modules, and tell what is in them."""
    catalogue = []
    for module in modules:
        name = module.__name__
        place = Place(module.__file__ or name, 1)
        report.add(of_problems(library_problems(name, vars(module), place), name))
        # Each once, by whatever names it stands there.
        mine = list({id(each): each for each in members(vars(module)).values() if each.__module__ == name}.values())
        for each in mine:
            if not isinstance(each, ComponentTemplate):
                found = [*not_resolved(each), *not_awaited(each)]
                report.add(finding._replace(group=name) for finding in found)
        if mine:
            catalogue.append({"module": name, "doc": _first_line(module.__doc__), "members": list(map(_entry, mine))})
    if not catalogue:
        hint = "components and templates are listed whose names do not begin with _, where they are defined"
        report.add([Finding(GROUP, Level.NOTE, "there is no component in it", hint=hint)])
    report.tell(catalogue=catalogue, components=sum(len(each["members"]) for each in catalogue))


def _entry(member: Any) -> dict[str, Any]:
    """Return what there is to say of a component or template: its name, kind and documentation, and its ports."""
    if isinstance(member, ComponentTemplate):
        return {"name": member.call_text, "kind": "template", "doc": _first_line(member.__doc__), "ports": []}
    try:
        sheet = component_sheet(spec_of(member))
    except GraphError:
        return {"name": member.__name__, "kind": "component", "doc": "", "ports": []}
    docs = port_docs(member)
    rows = [[*row, *([_first_line(docs.get(row[0]))] if docs else [])] for table in sheet.tables for row in table.rows]
    return {"name": sheet.name, "kind": sheet.remark, "doc": _first_line(sheet.reason), "ports": rows}


def _first_line(text: str | None) -> str:
    return " ".join((text or "").strip().partition("\n\n")[0].split())

"""Sheets as HTML, for notebooks: everything inline, for a page may drop styles and scripts that are not."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import zip_longest

from fbcore.formats.sheet import Row, Sheet, Table, Tone

# White text can be read on each of them, and each can be told from a white and from a black page.
_COLOURS: dict[Tone, str] = {"good": "#15803d", "doubtful": "#b45309", "bad": "#b91c1c"}

# Half transparent, so that it is right on a light page and on a dark one; colours of text are the page's own.
_LINE = "1px solid rgba(128,128,128,.35)"
_CELL = f"padding:2px 12px 2px 0;border:0;border-top:{_LINE};vertical-align:top;background:none;max-width:44em"
_HEAD = "padding:2px 12px 2px 0;border:0;font-weight:normal;opacity:.65;background:none"
_TITLE = "font-weight:600;margin:8px 0 2px"
_NOTE = "margin:2px 0 6px;white-space:pre-wrap;font-size:12px;opacity:.85;background:none;color:inherit"


def sheet_to_html(sheet: Sheet) -> str:
    """Return a sheet as a piece of HTML that needs nothing from outside; every text in it is escaped.

    Example:
        from fbcore.formats.result_html import sheet_to_html
        from fbcore.formats.sheet import Sheet

        page = sheet_to_html(Sheet("flights", "finished", "good", "after 0.01 s", "", []))
        print("finished" in page, "http" in page)
        #> True False
    """
    return "".join(_parts(sheet))


def _parts(sheet: Sheet) -> Iterator[str]:
    badge = f"background:{_COLOURS[sheet.tone]};color:#fff;border-radius:9px;padding:1px 9px"
    yield '<div style="font-size:13px;line-height:1.45;text-align:left">'
    verdict = f'<span style="{badge}">{escape(sheet.verdict)}</span> ' if sheet.verdict else ""
    yield f'<div><b>{escape(sheet.name)}</b> {verdict}<span style="opacity:.65">{escape(sheet.remark)}</span></div>'
    if sheet.reason:
        yield f"<div>{escape(sheet.reason)}</div>"
    for table in sheet.tables:
        yield from _table(table)
    yield "</div>"


def _table(table: Table) -> Iterator[str]:
    title = escape(table.title)
    if table.folded:
        yield f'<details style="margin:8px 0 2px"><summary style="font-weight:600;cursor:pointer">{title}</summary>'
    elif title:
        yield f'<div style="{_TITLE}">{title}</div>'
    yield '<table style="border-collapse:collapse;margin:0;font-size:13px">'
    if any(table.head):
        yield f"<thead>{_row(table, table.head, 'th', _HEAD)}</thead>"
    yield "<tbody>"
    for row, note in zip_longest(table.rows, table.notes, fillvalue=""):
        yield _row(table, tuple(row), "td", _CELL)
        if note:
            yield f'<tr style="background:none"><td colspan="{len(table.head)}" style="{_HEAD};text-align:left">'
            yield f'<details><summary style="cursor:pointer">traceback</summary><pre style="{_NOTE}">'
            yield f"{escape(note)}</pre></details></td></tr>"
    yield "</tbody></table>"
    if table.more:
        yield f'<div style="opacity:.65">and {table.more:,} more</div>'
    if table.folded:
        yield "</details>"


def _row(table: Table, cells: Row, tag: str, style: str) -> str:
    made = []
    for number, cell in enumerate(cells):
        side = "right;font-variant-numeric:tabular-nums" if number in table.numbers else "left"
        wraps = "overflow-wrap:anywhere" if number == len(cells) - 1 else "white-space:nowrap"
        made.append(f'<{tag} style="{style};text-align:{side};{wraps}">{escape(cell)}</{tag}>')
    return f'<tr style="background:none">{"".join(made)}</tr>'

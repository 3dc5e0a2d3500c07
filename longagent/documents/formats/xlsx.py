"""Excel workbooks: each sheet in parts of some hundred rows, with the values its cells show."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

from longagent.documents.formats import drawings, tables
from longagent.documents.formats.ooxml import Package, R, S, told
from longagent.documents.formats.text import clean
from longagent.documents.formats.xlsx_cells import Cells, column_number, string_text
from longagent.documents.parsed import USUAL, Heading, Options, Parsed, Part, UnreadableError

CHARACTERS = 40_000_000
"""Of a workbook that are read at most: some 10 million tokens."""

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_SCANNED = 64 * 1024 * 1024
"""Bytes of a sheet up to which merged cells are looked up: they stand behind the rows."""


class _Sheet(NamedTuple):
    name: str
    part: str


def read(data: bytes, _options: Options = USUAL) -> Parsed:
    """Read a workbook (xlsx, xlsm, xltx), strict or not; formulas give the results stored with them.

    Raises:
        UnreadableError: it is damaged, made to do harm, or empty.
    """
    with told("is damaged: its parts do not fit together."):
        package = Package(data)
        main = package.main("xl/workbook.xml")
        root = package.xml(main)
        sheets = list(_sheets(package, main, root))
        properties = root.find(f"{S}workbookPr")
        since_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
        cells = Cells(package, main, since_1904=since_1904)
        parts, warnings = _read_sheets(package, sheets, cells)
    if not sheets:
        raise UnreadableError("is damaged or incomplete: its sheets are missing.")
    if cells.unknown:
        count = "1 formula has" if cells.unknown == 1 else f"{cells.unknown:,} formulas have"
        warnings.append(f"{count} no stored result and stands as a formula; save the workbook in Excel to have it")
    return Parsed(tuple(parts), warnings=tuple(warnings))


def _read_sheets(package: Package, sheets: list[_Sheet], cells: Cells) -> tuple[list[Part], list[str]]:
    parts: list[Part] = []
    damage: list[str] = []
    size = 0
    for index, sheet in enumerate(sheets):
        try:
            for part in _sheet(package, sheet, cells):
                parts.append(part)
                size += len(part.text)
                if size > CHARACTERS:
                    left = len(sheets) - index - 1
                    more = f", nor {left} more {'sheet' if left == 1 else 'sheets'}" if left else ""
                    too_much = (
                        f"it is too large to be read whole: what follows {part.title}, {part.label} was not read{more}"
                    )
                    return parts, [*damage, too_much]
        except UnreadableError as error:
            if len(sheets) == 1:
                raise
            damage.append(f"not all of the sheet {sheet.name} could be read: the file {error.problem}")
    return parts, damage


def _sheets(package: Package, main: str, root: Element) -> Iterator[_Sheet]:
    relations = package.relations(main)
    for sheet in root.iterfind(f"{S}sheets/{S}sheet"):
        relation = relations.get(sheet.get(f"{R}id", ""))
        if relation and relation.target in package:
            hidden = " (hidden sheet)" if sheet.get("state", "visible") != "visible" else ""
            name = " ".join(clean(sheet.get("name", "")).split())
            yield _Sheet(f"{name}{hidden}", relation.target)


def _sheet(package: Package, sheet: _Sheet, cells: Cells) -> Iterator[Part]:
    last: Part | None = None
    for part in tables.parts(_records(package, sheet.part, cells), sheet.name):
        if last:
            yield last
        last = part
    if extras := list(_extras(package, sheet.part)):
        last = last or Part(sheet.name, title=sheet.name, headings=(Heading(0, 1, sheet.name),))
        last = last._replace(text="\n\n".join([last.text, *extras]))
    if last:
        yield last


def _records(package: Package, name: str, cells: Cells) -> Iterator[tables.Record]:
    merged = _Merged(package, name)
    number = 0
    for row in package.elements(name, depth=2):
        if row.tag == f"{S}row":
            number = int(row.get("r", number + 1))
            found, bold = cells.row(row)
            if found:
                yield tables.Record(number, merged.complete(number, found), bold)


class _Span(NamedTuple):
    column: int
    last: int
    text: str = ""


class _Merged:
    """Cells that span rows: their text is given to each of the rows, so that each can be read by itself."""

    def __init__(self, package: Package, name: str) -> None:
        self._starts: dict[int, list[_Span]] = {}
        self._open: list[_Span] = []
        if package.size(name) <= _SCANNED:
            for left, top, _, bottom in _MERGED.findall(package.read(name)):
                if int(bottom) > int(top):
                    self._starts.setdefault(int(top), []).append(_Span(column_number(left.decode()), int(bottom)))

    def complete(self, number: int, found: dict[int, str]) -> dict[int, str]:
        """Return the cells of a row with those that reach down into it."""
        self._open = [span for span in self._open if span.last >= number]
        added = {span.column: span.text for span in self._open} | found if self._open else found
        for span in self._starts.get(number, ()):
            if text := found.get(span.column):
                self._open.append(span._replace(text=text))
        return dict(sorted(added.items())) if added is not found else found


def _extras(package: Package, name: str) -> Iterator[str]:
    """Yield what is not in cells: comments, text boxes, charts."""
    for comments in package.related(name, "comments"):
        for comment in package.xml(comments).iter(f"{S}comment"):
            body = comment.find(f"{S}text")
            text = clean(string_text(body)).strip() if body is not None else ""
            if text:
                yield f"Comment on {comment.get('ref', 'a cell')}: {text}"
    for drawing in package.related(name, "drawing"):
        for body in package.xml(drawing).iter():
            if body.tag.endswith("}txBody") and (text := "\n".join(drawings.paragraphs(body))):
                yield clean(text)
        for chart in package.related(drawing, "chart"):
            yield clean(drawings.shape_text(package, chart))

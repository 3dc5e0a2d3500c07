"""What the cells of an Excel workbook show: shared strings, and numbers and dates in the format of their style."""

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

from longagent.documents.formats.number_formats import BUILT_IN, Show, formatter, general
from longagent.documents.formats.ooxml import Package, S
from longagent.documents.formats.text import clean

_T, _R, _V, _IS, _F = (f"{S}{name}" for name in ("t", "r", "v", "is", "f"))


class Cells:
    """Reads cells of one workbook."""

    def __init__(self, package: Package, main: str, *, since_1904: bool) -> None:
        self.unknown = 0
        """Formulas whose results were not stored."""
        self._columns: dict[str, int] = {}
        self._strings = [
            _on_line(string_text(item))
            for name in package.related(main, "sharedStrings")
            for item in package.elements(name, depth=1)
        ]
        names = package.related(main, "styles")
        self._shows, self._bold = _styles(package.xml(names[0]), since_1904) if names else ([], [])

    def row(self, row: Element) -> tuple[dict[int, str], bool]:
        """Return the cells of a row that are not empty, by column, and whether all of them are bold."""
        found: dict[int, str] = {}
        bold = True
        column = -1
        for cell in row:
            place = cell.get("r")
            column = column + 1 if place is None else self._column(place)
            text = self._text(cell)
            if text:
                found[column] = text
                bold = bold and self._is_bold(_style(cell))
        return found, bold and bool(found)

    def _is_bold(self, style: int) -> bool:
        return style < len(self._bold) and self._bold[style]

    def _column(self, place: str) -> int:
        letters = place.rstrip("0123456789")
        known = self._columns.get(letters)
        if known is None:
            known = self._columns[letters] = column_number(letters)
        return known

    def _text(self, cell: Element) -> str:
        value: str | None = None
        formula: str | None = None
        for child in cell:
            if child.tag == _V:
                # An empty text is a result, too; an empty number stands for one that is not known.
                value = child.text or ("" if cell.get("t") == "str" else None)
            elif child.tag == _IS:
                value = string_text(child)
            elif child.tag == _F:
                formula = child.text
        if value is not None:
            return self._shown(cell, cell.get("t", "n"), value)
        if formula is None:
            return ""
        self.unknown += 1
        return _on_line(f"={formula}")

    def _shown(self, cell: Element, kind: str, value: str) -> str:
        if kind == "n":
            return self._number(cell, value)
        if kind == "s":
            index = int(value)
            return self._strings[index] if 0 <= index < len(self._strings) else ""
        if kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        return _on_line(value.removesuffix("T00:00:00").replace("T", " ") if kind == "d" else value)

    def _number(self, cell: Element, value: str) -> str:
        style = _style(cell)
        show = self._shows[style] if style < len(self._shows) else None
        if show is None and len(value) < 15 and value.isdecimal():
            return value
        try:
            return (show or general)(float(value))
        except (ValueError, OverflowError):
            return _on_line(value)


def _on_line(text: str) -> str:
    return " ".join(clean(text).split())


def _style(cell: Element) -> int:
    return int(cell.get("s", "0"))


def column_number(letters: str) -> int:
    """Return the number of a column, from 0: `AB` is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def string_text(item: Element) -> str:
    """Return the text of a string whose runs may be formatted, without the reading aids of East Asian scripts."""
    return "".join(_pieces(item))


def _pieces(item: Element) -> Iterator[str]:
    for child in item:
        if child.tag == _T:
            yield child.text or ""
        elif child.tag == _R:
            yield from _pieces(child)


class _Styles(NamedTuple):
    shows: list[Show | None]
    bold: list[bool]


def _styles(root: Element, since_1904: bool) -> _Styles:
    codes = dict(BUILT_IN)
    for item in root.iterfind(f"{S}numFmts/{S}numFmt"):
        codes[int(item.get("numFmtId", "0"))] = item.get("formatCode", "")
    fonts = [_is_bold(font) for font in root.iterfind(f"{S}fonts/{S}font")]
    shows: list[Show | None] = []
    bold: list[bool] = []
    made: dict[str, Show] = {}
    for style in root.iterfind(f"{S}cellXfs/{S}xf"):
        code = codes.get(int(style.get("numFmtId", "0")), "")
        if code in {"", "General", "@"}:
            shows.append(None)
        else:
            shows.append(made.setdefault(code, formatter(code, since_1904=since_1904)))
        font = int(style.get("fontId", "0"))
        bold.append(font < len(fonts) and fonts[font])
    return _Styles(shows, bold)


def _is_bold(font: Element) -> bool:
    mark = font.find(f"{S}b")
    return mark is not None and mark.get("val") not in {"0", "false"}

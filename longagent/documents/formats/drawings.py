"""Text in drawings, which Word, PowerPoint and Excel share: paragraphs of shapes, tables, charts and diagrams."""

from collections.abc import Iterator
from itertools import zip_longest
from xml.etree.ElementTree import Element

from longagent.documents.formats import tables
from longagent.documents.formats.docx_styles import written
from longagent.documents.formats.ooxml import A, Package

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"

_NUMBERING = {"alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman", "romanUc": "upperRoman"}
_MOST_POINTS = 2000
"""Of a chart; more are a curve to look at."""


def paragraphs(body: Element, *, bullets: bool = False) -> list[str]:
    """Return the paragraphs of a shape.

    Args:
        body: what holds them.
        bullets: whether they are points of a list unless they say otherwise.
    """
    lines: list[str] = []
    counts: dict[int, int] = {}
    for paragraph in body.iter(f"{A}p"):
        text = "".join(_text(paragraph)).strip()
        properties = paragraph.find(f"{A}pPr")
        depth = _number(properties, "lvl")
        numbering = None if properties is None else properties.find(f"{A}buAutoNum")
        counts = {level: count for level, count in counts.items() if level <= depth}
        if numbering is None:
            counts.pop(depth, None)
        if not text:
            continue
        mark = "• " if _has_bullet(properties, usual=bullets) else ""
        if numbering is not None:
            counts[depth] = counts.get(depth, _number(numbering, "startAt", 1) - 1) + 1
            mark = f"{_label(counts[depth], numbering.get('type', ''))} "
        lines.append(mark + text)
    return lines


def table(element: Element) -> str:
    """Return a table of a slide."""
    grid: list[list[str]] = []
    for row in element.iterfind(f"{A}tr"):
        line: list[str] = []
        for cell in row.iterfind(f"{A}tc"):
            text = "; ".join(paragraphs(cell))
            # A cell that spans rows stands in each of them, so that each can be read by itself.
            is_continued = cell.get("vMerge") in {"1", "true"} and bool(grid) and len(line) < len(grid[-1])
            line.append(grid[-1][len(line)] if is_continued else text)
        grid.append(line)
    properties = element.find(f"{A}tblPr")
    marked = properties is not None and properties.get("firstRow") in {"1", "true"}
    rows = [tables.row(line) for line in grid]
    named = bool(rows) and tables.is_header(rows[0], rows[1:], marked=marked)
    return "\n".join(tables.lines(rows, named=named))


def shape_text(package: Package, name: str) -> str:
    """Return the text of a part that holds a chart or a diagram."""
    root = package.xml(name)
    return _chart(root) if root.tag == f"{C}chartSpace" else "\n".join(paragraphs(root))


def _text(paragraph: Element) -> Iterator[str]:
    for child in paragraph:
        if child.tag in {f"{A}r", f"{A}fld"} and child.get("type") != "slidenum":
            yield "".join(text.text or "" for text in child.iterfind(f"{A}t"))
        elif child.tag == f"{A}br":
            yield "\n"
        elif child.tag not in {f"{A}pPr", f"{A}endParaRPr", f"{A}fld"}:  # formulas, alternatives
            yield "".join(text.text or "" for text in child.iter() if text.tag.endswith("}t"))


def _has_bullet(properties: Element | None, *, usual: bool) -> bool:
    if properties is None:
        return usual
    return properties.find(f"{A}buChar") is not None or (usual and properties.find(f"{A}buNone") is None)


def _chart(root: Element) -> str:
    """Write the figures behind a chart as rows, one for each category."""
    titles = [" ".join(paragraphs(title)) for title in root.iter(f"{C}title")]
    lines = [f"Chart: {'; '.join(filter(None, titles))}".removesuffix(": ")]
    series = list(root.iter(f"{C}ser"))
    names = ["".join(_points(one.find(f"{C}tx"))) for one in series]
    columns = [next((found for tag in ("val", "yVal") if (found := _points(one.find(C + tag)))), []) for one in series]
    categories = next((found for one in series for tag in ("cat", "xVal") if (found := _points(one.find(C + tag)))), [])
    points = list(zip_longest(categories, *columns, fillvalue=""))[:_MOST_POINTS]
    heads = tables.row(["", *names])
    return "\n".join([*lines, *(tables.line(tables.row(point), heads) for point in points)])


def _points(parent: Element | None) -> list[str]:
    """Return the values that a chart remembers of the cells it draws."""
    found: dict[int, str] = {}
    for point in parent.iter(f"{C}pt") if parent is not None else ():
        value = point.findtext(f"{C}v") or ""
        found[_number(point, "idx")] = _short(value)
    last = max(found, default=-1)
    return [found.get(index, "") for index in range(min(last + 1, _MOST_POINTS))]


def _short(value: str) -> str:
    """Numbers without the noise of binary fractions."""
    try:
        return f"{float(value):.10g}" if "." in value and len(value) > 12 else value
    except ValueError:
        return value


def _label(count: int, kind: str) -> str:
    form = next((form for name, form in _NUMBERING.items() if kind.startswith(name)), "decimal")
    text = written(count, form)
    return f"({text})" if kind.endswith("ParenBoth") else f"{text})" if kind.endswith("ParenR") else f"{text}."


def _number(element: Element | None, name: str, default: int = 0) -> int:
    text = "" if element is None else element.get(name, "")
    return int(text) if text.isdecimal() else default

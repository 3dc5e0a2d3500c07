"""The text of a paragraph in a Word document, and what is anchored in it: notes, comments, text boxes, page breaks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element

from longagent.documents.formats.docx_styles import is_on, value
from longagent.documents.formats.ooxml import MC, R, W

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

GONE = frozenset(f"{W}{name}" for name in ("del", "moveFrom", "delText", "delInstrText", "rPr", "pPr", "sectPr", "rt"))
"""Elements whose text is deleted, moved away or none."""
_SIGNS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}
_SYMBOLS = {
    **{"A7": "▪", "B7": "•", "D8": "➢", "E0": "→", "F0": "⇨"},
    **{"6F": "☐", "A8": "☐", "78": "☒", "FC": "✓", "FE": "☑"},
}
"""Of the Symbol and Wingdings fonts, by the last two figures of their code."""
_PAGE_FIELDS = ("PAGE", "NUMPAGES", "SECTIONPAGES")
"""Their results are whatever page was drawn last."""
_SHAPES = frozenset(f"{W}{name}" for name in ("drawing", "pict", "object"))


Kind = Literal["footnote", "endnote", "comment"]
KINDS: tuple[Kind, ...] = ("footnote", "endnote", "comment")
_MARKS: dict[str, Kind] = {f"{W}{kind}Reference": kind for kind in KINDS}


class Mark(NamedTuple):
    """A reference in the text to a note or a comment."""

    kind: Kind
    id: str


@dataclass
class Inline:
    """A paragraph that is being read."""

    text: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    """Contents of text boxes."""
    shapes: list[str] = field(default_factory=list)
    """Relations to charts and diagrams."""
    breaks: list[bool] = field(default_factory=list)
    """Of pages: whether text stands before each."""
    hidden: int = 0
    """Code points that Word does not show."""
    has_page_field: bool = False
    fields: list[list[str]] = field(default_factory=list)
    """Instructions of the fields that are open; kept by the reader of the whole, since fields span paragraphs."""
    numbered: dict[Mark, int] = field(default_factory=dict)
    """Numbers that the notes of the document got so far."""

    def read(self, element: Element) -> None:
        """Add what a run, or anything around runs, holds."""
        for child in element:
            tag = child.tag
            if tag in {f"{W}t", f"{M}t"}:
                self._add(child.text or "")
            elif tag == f"{W}r":
                self._run(child)
            elif tag in _SIGNS:
                self._add(_SIGNS[tag])
            elif tag in GONE:
                continue
            else:
                self._special(child)

    def _run(self, run: Element) -> None:
        properties = run.find(f"{W}rPr")
        if properties is not None and is_on(properties, "vanish"):
            self.hidden += sum(len(text.text or "") for text in run.iterfind(f"{W}t"))
            # Fields may begin and end in hidden runs.
            run = _only(run, f"{W}fldChar", f"{W}instrText")
        self.read(run)

    def _special(self, child: Element) -> None:
        tag = child.tag
        if tag in _MARKS:
            self._refer(_MARKS[tag], child.get(f"{W}id", ""))
        elif tag in {f"{W}fldChar", f"{W}instrText", f"{W}fldSimple"}:
            self._field(child)
        elif tag in {f"{W}br", f"{W}sym"}:
            self._sign(child)
        elif tag == f"{MC}AlternateContent":
            self.read(chosen(child))
        elif tag in _SHAPES:
            self._shape(child)
        elif tag.startswith(M):
            self._formula(child)
        else:  # hyperlinks, insertions, content controls, smart tags and what future versions wrap around text
            self.read(child)

    def _add(self, text: str) -> None:
        if not (self.fields and self.fields[-1][:1] == ["page"]):
            self.text.append(text)

    def _refer(self, kind: Kind, name: str) -> None:
        mark = Mark(kind, name)
        self.marks.append(mark)
        if kind != "comment":
            self._add(f"[{self.numbered.setdefault(mark, len(self.numbered) + 1)}]")

    def _sign(self, child: Element) -> None:
        if child.tag == f"{W}sym":
            code = child.get(f"{W}char", "").upper()
            self._add(_SYMBOLS.get(code[-2:], "") if code.startswith("F0") else _character(code))
            return
        if child.get(f"{W}type") == "page":
            self.breaks.append(bool("".join(self.text).strip()))
        self._add("\n")

    def _field(self, child: Element) -> None:
        kind = child.get(f"{W}fldCharType")
        if child.tag == f"{W}fldSimple":
            if _is_page_field(child.get(f"{W}instr", "")):
                self.has_page_field = True
            else:
                self.read(child)
        elif kind == "begin":
            self.fields.append([])
        elif not self.fields:
            return
        elif child.tag == f"{W}instrText":
            self.fields[-1].append(child.text or "")
        elif kind == "separate" and _is_page_field("".join(self.fields[-1])):
            self.fields[-1] = ["page"]
            self.has_page_field = True
        elif kind == "end":
            self.fields.pop()

    def _shape(self, element: Element) -> None:
        for child in element:
            if child.tag == f"{W}txbxContent":
                self.boxes.append(child)
            elif child.tag == f"{MC}AlternateContent":
                self._shape(chosen(child))
            elif child.tag.endswith(("}chart", "}relIds")):
                self.shapes.append(child.get(f"{R}id") or child.get(f"{R}dm") or "")
            else:
                self._shape(child)

    def _formula(self, child: Element) -> None:
        """Write mathematics on one line; without this 1/2 would become 12."""
        between = {"f": "/", "sSup": "^", "sSub": "_", "rad": "√"}.get(child.tag.removeprefix(M), "")
        parts = [part for part in child if part.tag.removeprefix(M) in {"num", "den", "e", "sup", "sub"}]
        if not between:
            self.read(child)
            return
        for number, part in enumerate(parts):
            inner = Inline()
            inner.read(part)
            text = "".join(inner.text)
            if number or between == "√":
                self._add(between)
            self._add(text if len(text) < 2 or text.isalnum() else f"({text})")


def chosen(alternatives: Element) -> Element:
    """Return one of several renderings of the same content: the first, which is the newest."""
    for branch in alternatives:
        if branch.tag == f"{MC}Choice" and len(branch):
            return branch
    fallback = alternatives.find(f"{MC}Fallback")
    return alternatives if fallback is None else fallback


def paragraphs_within(element: Element) -> Iterator[Element]:
    """Yield paragraphs and tables, out of whatever is wrapped around them."""
    for child in element:
        if child.tag in {f"{W}p", f"{W}tbl"}:
            yield child
        elif child.tag == f"{MC}AlternateContent":
            yield from paragraphs_within(chosen(child))
        elif child.tag not in GONE:
            yield from paragraphs_within(child)


def breaks_page_before(properties: Element | None) -> bool:
    """Whether a paragraph begins on a new page."""
    return is_on(properties, "pageBreakBefore")


def breaks_page_after(properties: Element | None) -> bool:
    """Whether a section of the layout, which a new page follows, ends with a paragraph."""
    section = None if properties is None else properties.find(f"{W}sectPr")
    return section is not None and value(section, "type") not in {"continuous", "nextColumn"}


def _only(run: Element, *tags: str) -> Element:
    kept = Element(run.tag)
    kept.extend(child for child in run if child.tag in tags)
    return kept


def _is_page_field(instruction: str) -> bool:
    return instruction.split(maxsplit=1)[:1] in ([name] for name in _PAGE_FIELDS)


def _character(code: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""

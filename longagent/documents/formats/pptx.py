"""PowerPoint presentations: a slide is a page; its notes and comments stand after it, and are marked as such."""

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

from longagent.documents.formats import drawings
from longagent.documents.formats.docx_runs import chosen
from longagent.documents.formats.ooxml import MC, A, P, Package, R, told
from longagent.documents.formats.text import clean
from longagent.documents.parsed import USUAL, Heading, Options, Parsed, Part, UnreadableError

_TITLES = {"title", "ctrTitle"}
_LISTS = {"body", "obj", ""}
"""Kinds of placeholders whose paragraphs are drawn with bullets."""


def read(data: bytes, _options: Options = USUAL) -> Parsed:
    """Read a presentation (pptx, pptm, ppsx, potx), strict or not.

    Raises:
        UnreadableError: it is damaged, made to do harm, or no slide has text.
    """
    with told("is damaged: its parts do not fit together."):
        package = Package(data)
        main = package.main("ppt/presentation.xml")
        root = package.xml(main)
        if root.tag != f"{P}presentation":
            raise UnreadableError(f"is damaged or incomplete: {main} is no presentation.")
        relations = package.relations(main)
        ids = [item.get(f"{R}id", "") for item in root.iterfind(f"{P}sldIdLst/{P}sldId")]
        names = [relations[one].target if one in relations else "" for one in ids]
        first = int(root.get("firstSlideNum", "1"))
        slides = [_slide(package, name, str(number)) for number, name in enumerate(names, start=first)]
    parts = [slide.part if first != 1 else slide.part._replace(label=None) for slide in slides]
    return Parsed(tuple(parts), paged=True, warnings=_warnings(slides))


class _Slide(NamedTuple):
    part: Part
    damage: str = ""
    """What of it could not be read."""


def _warnings(slides: list[_Slide]) -> tuple[str, ...]:
    if not slides:
        raise UnreadableError("has no slides.")
    if not any(slide.part.text for slide in slides):
        size = "1 slide" if len(slides) == 1 else f"{len(slides)} slides"
        if any(slide.damage for slide in slides):
            raise UnreadableError(f"is damaged or incomplete: nothing of its {size} can be read.")
        raise UnreadableError(f"has no text: {size}, with nothing but pictures.", "Save it as PDF and run OCR on it.")
    said = [slide.damage or ("" if slide.part.text else "no text, only pictures perhaps") for slide in slides]
    return tuple(f"slide {number} has {what}" for number, what in enumerate(said, start=1) if what)


def _slide(package: Package, name: str, label: str) -> _Slide:
    try:
        root = package.xml(name)
        part = _shown(package, name, root, label)
    except UnreadableError:
        return _Slide(Part("", label=label), "damaged content and could not be read")
    try:
        asides = [f"Notes: {text}" for text in _notes(package, name)]
        asides += [f"Comment: {text}" for text in _comments(package, name)]
    except UnreadableError:
        return _Slide(part, "damaged notes or comments, which could not be read")
    return _Slide(part._replace(text="\n\n".join(filter(None, [part.text, *map(clean, asides)]))))


def _shown(package: Package, name: str, root: Element, label: str) -> Part:
    title = ""
    pieces: list[str] = []
    for shape in _shapes(root):
        kind = _placeholder(shape)
        text = clean(_shape_text(package, name, shape, kind)).strip()
        if kind in _TITLES and text and not title:
            title = " ".join(text.split())
            # The title is read first wherever it lies in the stack of shapes; the others lie in reading order.
            pieces.insert(0, text)
        elif text:
            pieces.append(text)
    hidden = root.get("show") in {"0", "false"}
    shown = f"{title} (hidden slide)".strip() if hidden else title or None
    headings = (Heading(0, 1, title),) if title else ()
    return Part("\n\n".join(pieces), title=shown, label=label, headings=headings)


def _shapes(parent: Element) -> Iterator[Element]:
    """Yield shapes, tables and frames, out of the groups around them."""
    for child in parent:
        if child.tag in {f"{P}sp", f"{P}cxnSp", f"{P}graphicFrame"}:
            yield child
        elif child.tag == f"{MC}AlternateContent":
            yield from _shapes(chosen(child))
        elif child.tag in {f"{P}cSld", f"{P}spTree", f"{P}grpSp", f"{MC}Choice", f"{MC}Fallback"}:
            yield from _shapes(child)


def _placeholder(shape: Element) -> str | None:
    """Return the kind of placeholder a shape is; `None` if it is none."""
    found = next(shape.iter(f"{P}ph"), None)
    return None if found is None else found.get("type", "")


def _shape_text(package: Package, slide: str, shape: Element, kind: str | None) -> str:
    if kind == "sldNum":
        return ""
    if shape.tag != f"{P}graphicFrame":
        body = shape.find(f"{P}txBody")
        if body is None:
            return ""
        return "\n".join(drawings.paragraphs(body, bullets=kind in _LISTS and len(drawings.paragraphs(body)) > 1))
    pieces = [drawings.table(table) for table in shape.iter(f"{A}tbl")]
    relations = package.relations(slide)
    for element in shape.iter():
        if element.tag.endswith(("}chart", "}relIds")):
            other = relations.get(element.get(f"{R}id") or element.get(f"{R}dm") or "")
            if other and other.target in package:
                pieces.append(drawings.shape_text(package, other.target))
    return "\n\n".join(pieces)


def _notes(package: Package, slide: str) -> Iterator[str]:
    for name in package.related(slide, "notesSlide"):
        bodies = [shape for shape in _shapes(package.xml(name)) if _placeholder(shape) in _LISTS]
        if text := "\n".join(line for body in bodies for line in drawings.paragraphs(body)).strip():
            yield text


def _comments(package: Package, slide: str) -> Iterator[str]:
    for name in package.related(slide, "comments"):
        for element in package.xml(name).iter():
            kind = element.tag.rpartition("}")[2]
            if kind in {"cm", "reply"}:  # old ones have their text, new ones paragraphs
                body = element.find("{*}txBody")
                text = element.findtext(f"{P}text") if body is None else "\n".join(drawings.paragraphs(body))
                if text and text.strip():
                    yield text.strip()

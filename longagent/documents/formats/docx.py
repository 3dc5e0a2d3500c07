"""Word documents: parts begin at the highest headings; without headings, where the author began a new page.

Word files hold no pages: those are made when a program lays them out, differently with other fonts or printers. The
page count and the page breaks that Word notes in a file are of the last time it was laid out, and often wrong.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from xml.etree.ElementTree import Element

from longagent.documents.formats.docx_blocks import Block, Walker
from longagent.documents.formats.docx_runs import KINDS, Mark
from longagent.documents.formats.docx_styles import Numbers, Styles
from longagent.documents.formats.drawings import shape_text
from longagent.documents.formats.ooxml import Package, W, told
from longagent.documents.parsed import USUAL, Heading, Options, Parsed, Part, UnreadableError

_EDGES = "Headers and footers"


def read(data: bytes, _options: Options = USUAL) -> Parsed:
    """Read a Word document (docx, docm, dotx), strict or not.

    Raises:
        UnreadableError: it is damaged or made to do harm.
    """
    with told("is damaged: its parts do not fit together."):
        package = Package(data)
        main = package.main("word/document.xml")
        sides = _Sides(package, main)
        walker = _walker(sides)
        blocks = [block for element in package.elements(main, depth=2) for block in walker.block(element)]
        parts = [*_parts(blocks), *_edges(sides, walker)]
    warnings = [f"its {kind} are damaged and were not read" for kind in sides.damaged]
    if walker.hidden:
        warnings.append(f"hidden text ({walker.hidden:,} characters) was left out")
    if walker.left_out:
        warnings.append("documents embedded in it were not read")
    return Parsed(tuple(parts), warnings=tuple(warnings))


class _Sides:
    """The parts beside the main one; a damaged one costs only itself."""

    def __init__(self, package: Package, main: str) -> None:
        self.package = package
        self.relations = package.relations(main)
        self.damaged: dict[str, None] = {}

    def all(self, kind: str) -> Iterator[Element]:
        """Yield the roots of the parts of a kind."""
        for other in self.relations.values():
            if other.kind == kind and other.target in self.package:
                try:
                    yield self.package.xml(other.target)
                except UnreadableError:
                    self.damaged.setdefault(kind if kind.endswith("s") else f"{kind}s")

    def first(self, kind: str) -> Element | None:
        """Return the root of the part of a kind."""
        return next(self.all(kind), None)

    def shape(self, relation: str) -> str:
        """Return the text of a chart or diagram."""
        other = self.relations.get(relation)
        try:
            return shape_text(self.package, other.target) if other and other.target in self.package else ""
        except UnreadableError:
            self.damaged.setdefault("charts")
            return ""


def _walker(sides: _Sides) -> Walker:
    styles = Styles(sides.first("styles"))
    notes: dict[Mark, Element] = {}
    for kind in KINDS:
        root = sides.first(f"{kind}s")
        for note in root if root is not None else ():
            notes[Mark(kind, note.get(f"{W}id", ""))] = note

    def note_of(mark: Mark) -> tuple[str, list[Element]]:
        found = notes.get(mark)
        return ("", []) if found is None else (found.get(f"{W}author", ""), list(found))

    return Walker(styles, Numbers(sides.first("numbering"), styles), note_of, sides.shape)


def _edges(sides: _Sides, walker: Walker) -> Iterator[Part]:
    """Yield headers and footers, each text once: they repeat from page to page and from section to section."""
    lines: dict[str, None] = {}
    for kind in ("header", "footer"):
        for root in sides.all(kind):
            if text := "\n".join(block.text for block in walker.blocks(root)):
                lines.setdefault(f"{kind.capitalize()}: {text}")
    if lines:
        yield Part("\n\n".join(lines), title=_EDGES)


def _parts(blocks: list[Block]) -> Iterator[Part]:
    level = _dividing_level(blocks)
    held: list[Block] = []
    for block in blocks:
        begins = block.new_page if level is None else block.level is not None and block.level <= level
        # A title without text of its own belongs to what comes next.
        if begins and any(other.level is None for other in held):
            yield _part(held)
            held = []
        held.append(block)
    if held:
        yield _part(held)


def _dividing_level(blocks: list[Block]) -> int | None:
    """Return the highest level whose headings divide the document: a single one at the top is its title."""
    counts = Counter(block.level for block in blocks if block.level is not None)
    total = 0
    for level in sorted(counts):
        total += counts[level]
        if total > 1:
            return level
    return next(iter(counts), None)


def _part(blocks: list[Block]) -> Part:
    pieces: list[str] = []
    headings: list[Heading] = []
    position = 0
    for block in blocks:
        if pieces:
            pieces.append("\n" if block.close else "\n\n")
            position += len(pieces[-1])
        if block.level is not None:
            headings.append(Heading(position, block.level, " ".join(block.text.split())))
        pieces.append(block.text)
        position += len(block.text)
    leading = list(takewhile(lambda block: block.level is not None, blocks))
    top = min((block.level or 0 for block in leading), default=0)
    titles = [heading.title for heading in headings[: len(leading)] if heading.level == top]
    return Part("".join(pieces), title=titles[-1] if titles else None, headings=tuple(headings))

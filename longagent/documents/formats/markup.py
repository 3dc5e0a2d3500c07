"""HTML to text as one would read it: paragraphs, headings, lists and tables; no scripts, menus or hidden elements.

The parser (Lexbor) builds the tree that browsers build, so tags left open or crossed lose no text. Nothing is guessed
to be boilerplate, since guessing loses parts of ordinary documents: only what says so itself is left out.
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from longagent.documents.formats.grid import Cell, Table
from longagent.documents.formats.hidden import left_out
from longagent.documents.formats.repair import closed, flattened
from longagent.documents.formats.text import clean
from longagent.documents.formats.writer import Writer
from longagent.documents.parsed import Heading, Part

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_Leave = Callable[[], object]

_TEXT = "-text"

_NO_TEXT = frozenset(
    "head title script style noscript template svg canvas iframe embed applet audio video map frameset noframes "  # noqa: SIM905
    "select datalist input textarea annotation annotation-xml rp rt ix:header".split()
)
"""Programs, pictures, fields of forms, readings of Japanese words, and what filings hold for machines."""
_BLOCKS = frozenset(
    "address article aside blockquote body center details dialog div dl fieldset figure footer form header hgroup hr "  # noqa: SIM905
    "main nav p search section".split()
)
_LINES = frozenset({"dd", "dt", "figcaption", "legend", "optgroup", "summary", "caption"})
_NO_ALT = re.compile(r"\S+\.\w{3,4}|(?:.* )?(?:image|img|photo|picture|logo|icon|spacer|blank)", re.IGNORECASE)
"""Names of files, and words that only say that there is an image."""
_LONGEST_ALT = 2000


class Text(NamedTuple):
    """What can be read in a page."""

    text: str
    headings: tuple[Heading, ...]
    title: str | None
    """Of the window, which need not stand in the text."""
    was_hidden: bool = False
    """Whether all of it stands in elements that are hidden until a script shows them."""


def read_markup(source: str, *, xml: bool = False) -> Text:
    """Return the text of a page.

    Args:
        source: HTML, however broken.
        xml: whether it is XHTML, where `<title/>` is a whole element.
    """
    tree = parse(source, xml=xml)
    title = next((" ".join(clean(found.text()).split()) for found in tree.css("title")), "")
    hidden = left_out(tree)
    writer = _Walk(hidden).through(tree)
    was_hidden = not len(writer) and bool(hidden)
    if was_hidden:
        writer = _Walk(frozenset()).through(tree)
    return Text(writer.text, tuple(writer.headings), title or None, was_hidden)


def parse(source: str, *, xml: bool = False) -> "LexborHTMLParser":
    """Return the tree of a page; it follows no link, and knows no entities but those of HTML."""
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(flattened(closed(source) if xml else source))


def sections(page: Text) -> Iterator[Part]:
    """Cut a text where headings stand, as Markdown is cut; what stands before the first is a section too."""
    text = page.text
    # From the beginning of the line: before a heading in a list stands the mark of its item.
    begins = [text.rfind("\n", 0, heading.start) + 1 for heading in page.headings]
    for number, start in enumerate([0, *begins]):
        end = begins[number] if number < len(begins) else len(text)
        if body := text[start:end].rstrip():
            own = [page.headings[number - 1]] if number else []
            headings = tuple(heading._replace(start=heading.start - start) for heading in own)
            yield Part(body, title=headings[0].title if headings else page.title, headings=headings)


class _Walk:
    """A way through a tree, without recursion: pages can be nested as deep as they are long."""

    def __init__(self, left_out: frozenset[int]) -> None:
        self._left_out = left_out
        self._writers = [Writer()]
        self._tables: list[Table] = []
        self._lists: list[int | None] = []
        """For each list that is open, the number of its next item, if its items are numbered."""
        self._verbatim = 0

    def through(self, tree: "LexborHTMLParser") -> Writer:
        """Go through a tree, and return what was written."""
        pending: list[LexborNode | _Leave] = [] if tree.root is None else [tree.root]
        while pending:
            node = pending.pop()
            if callable(node):
                node()
                continue
            if (following := node.next) is not None:
                pending.append(following)
            tag = node.tag or ""
            if tag == _TEXT:
                self._text(node.text_content or "")
            elif tag not in _NO_TEXT and node.mem_id not in self._left_out:
                enter = _ENTER.get(tag)
                if enter is not None and (leave := enter(self, node)) is not None:
                    pending.append(leave)
                if (child := node.first_child) is not None:
                    pending.append(child)
        return self._writers[0]

    @property
    def _writer(self) -> Writer:
        return self._writers[-1]

    def _text(self, text: str) -> None:
        if self._verbatim:
            self._writer.verbatim(text)
        else:
            self._writer.words(text)

    def _block(self, _node: "LexborNode") -> _Leave:
        self._writer.block()
        return self._end_block

    def _end_block(self) -> None:
        self._writer.block()

    def _close_block(self, _node: "LexborNode") -> _Leave:
        self._writer.block(close=True)
        return lambda: self._writer.block(close=True)

    def _heading(self, node: "LexborNode") -> _Leave:
        self._writer.block()
        self._writer.begin_heading(int((node.tag or "h1")[1]))

        def leave() -> None:
            self._writer.end_heading()
            self._writer.block()

        return leave

    def _break(self, _node: "LexborNode") -> None:
        self._writer.line()

    def _pre(self, _node: "LexborNode") -> _Leave:
        self._writer.block()
        self._verbatim += 1

        def leave() -> None:
            self._verbatim -= 1
            self._writer.block()

        return leave

    def _quote(self, _node: "LexborNode") -> _Leave:
        self._writer.words("“")
        return lambda: self._writer.words("”")

    def _raised(self, node: "LexborNode") -> None:
        """Keep an exponent or the number of a footnote apart from the number it stands at: 10^6 is not 106."""
        if self._writer.last.isalnum() and node.text()[:1] in set("0123456789-−+"):
            self._writer.words("^")

    def _image(self, node: "LexborNode") -> None:
        alt = " ".join((node.attributes.get("alt") or "").split())
        if len(alt) == 1:
            self._writer.words(alt)  # the initial of a chapter
        elif 1 < len(alt) <= _LONGEST_ALT and not _NO_ALT.fullmatch(alt) and not self._writer.has_just(alt):
            self._writer.words(f" [Image: {alt}] ")

    def _list(self, node: "LexborNode") -> _Leave:
        self._writer.block(close=bool(self._lists))
        self._lists.append(_number(node.attributes.get("start"), 1) if node.tag == "ol" else None)

        def leave() -> None:
            self._lists.pop()
            self._writer.block(close=bool(self._lists))

        return leave

    def _item(self, node: "LexborNode") -> _Leave:
        number = self._lists[-1] if self._lists else None
        mark = "- "
        if number is not None:
            number = _number(node.attributes.get("value"), number)
            self._lists[-1] = number + 1
            mark = f"{number}. "
        self._writer.item("  " * (len(self._lists) - 1) + mark)
        return self._writer.end_item

    def _table(self, node: "LexborNode") -> _Leave:
        if self._tables:
            self._tables[-1].is_layout = True
        self._writer.block()
        self._tables.append(Table(is_layout=node.attributes.get("role") in {"presentation", "none"}))

        def leave() -> None:
            self._writer.block()
            self._tables.pop().write(self._writer)
            self._writer.block()

        return leave

    def _row(self, _node: "LexborNode") -> None:
        if self._tables:
            self._tables[-1].rows.append([])

    def _cell(self, node: "LexborNode") -> _Leave | None:
        if not self._tables or not self._tables[-1].rows:
            return None
        attributes = node.attributes
        span, rows = _number(attributes.get("colspan"), 1), _number(attributes.get("rowspan"), 1)
        cell = Cell(span=span, rows=rows, is_name=node.tag == "th")
        self._tables[-1].rows[-1].append(cell)
        self._writers.append(cell.writer)
        return self._writers.pop


def _number(value: str | None, usual: int) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 7 else usual


_ENTER: dict[str, Callable[[_Walk, "LexborNode"], _Leave | None]] = {
    **dict.fromkeys(_BLOCKS, _Walk._block),
    **dict.fromkeys(_LINES, _Walk._close_block),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _Walk._heading),
    **dict.fromkeys(("ul", "ol", "menu", "dir"), _Walk._list),
    **dict.fromkeys(("td", "th"), _Walk._cell),
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), _Walk._pre),
    "br": _Walk._break,
    "img": _Walk._image,
    "li": _Walk._item,
    "q": _Walk._quote,
    "sup": _Walk._raised,
    "table": _Walk._table,
    "tr": _Walk._row,
}

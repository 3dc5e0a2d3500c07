"""EPUB books: a section for each chapter, in reading order.

The package's own files are XML, but read with the parser for HTML: it mends what is broken and knows no entities.
"""

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from longagent.documents.formats.archive import Archive
from longagent.documents.formats.html import decode_markup
from longagent.documents.formats.markup import Text, parse, read_markup
from longagent.documents.parsed import USUAL, Options, Parsed, Part, UnreadableError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_NCX = "application/x-dtbncx+xml"
_PAGE_TYPES = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/x-dtbook+xml"})


class _Item(NamedTuple):
    """An entry of a book's list of files."""

    name: str
    """In the archive."""
    media: str
    is_nav: bool


class _Plan(NamedTuple):
    """What a book says of itself."""

    chapters: tuple[str, ...]
    """Names in the archive, in reading order."""
    titles: Mapping[str, str]


def read(data: bytes, _options: Options = USUAL) -> Parsed:
    """Read a book. Chapters that are missing or broken become warnings.

    Raises:
        UnreadableError: it is no whole archive, has no chapter that can be read, or is locked by its seller.
    """
    archive = Archive(data)
    plan = _plan(archive)
    _refuse_locked(archive, plan.chapters)
    parts: list[tuple[Text, str | None]] = []
    warnings: list[str] = []
    for name in plan.chapters:
        try:
            source, warning = decode_markup(archive.read(name))
        except UnreadableError as error:
            warnings.append(f"a chapter is missing, since the book {error.problem.rstrip('.')}")
            continue
        if warning:
            warnings.append(f"{name}: {warning}")
        page = read_markup(source, xml=True)
        # Pages of pictures only, such as covers, have no text.
        if page.text.strip():
            parts.append((page, plan.titles.get(name)))
    if not parts:
        raise UnreadableError("has no chapter that can be read.", "; ".join(warnings))
    # Many books write their own title into every file.
    windows = Counter(page.title for page, _ in parts)
    return Parsed(tuple(_part(page, title, windows) for page, title in parts), warnings=tuple(warnings))


def _part(page: Text, title: str | None, windows: Mapping[str | None, int]) -> Part:
    own = page.headings[0].title if page.headings else page.title if windows[page.title] == 1 else None
    return Part(page.text.rstrip(), title=title or own, headings=page.headings)


def _plan(archive: Archive) -> _Plan:
    if _CONTAINER not in archive.names:
        raise UnreadableError(f"is not a whole EPUB book: there is no {_CONTAINER} in it.")
    packages = [path for _, path in _found(archive, _CONTAINER, "rootfile", "full-path")]
    package = next((path for path in packages if path in archive.names), None)
    if package is None:
        raise UnreadableError(f"is not a whole EPUB book: {' or '.join(packages) or 'its list of files'} is missing.")
    items: dict[str, _Item] = {}
    for node, href in _found(archive, package, "item", "href"):
        given = node.attributes
        is_nav = "nav" in (given.get("properties") or "").split()
        items[given.get("id") or ""] = _Item(_resolved(archive, package, href), given.get("media-type") or "", is_nav)
    spine = [items[id].name for _, id in _found(archive, package, "itemref", "idref") if id in items]  # noqa: A001
    navs = {item.name for item in items.values() if item.is_nav or item.media == _NCX}
    # A book without a reading order has its files in one.
    names = spine or [item.name for item in items.values() if item.media in _PAGE_TYPES]
    chapters = tuple(name for name in dict.fromkeys(names) if name not in navs)
    return _Plan(chapters, _titles(archive, items.values()))


def _titles(archive: Archive, items: Iterable[_Item]) -> dict[str, str]:
    """Return what the tables of contents call each file: by its first entry, and rather in the newer kind of table."""
    titles: dict[str, str] = {}
    for item in sorted(items, key=lambda item: not item.is_nav):
        entries: list[tuple[LexborNode | None, str]]
        if item.is_nav:
            entries = [(node, href) for node, href in _found(archive, item.name, "a", "href") if _is_contents(node)]
        elif item.media == _NCX:
            found = _found(archive, item.name, "content", "src")
            entries = [(node.parent.css_first("text"), href) for node, href in found if node.parent is not None]
        else:
            continue
        for node, href in entries:
            if node is not None and (title := " ".join(node.text().split())):
                titles.setdefault(_resolved(archive, item.name, href), title)
    return titles


def _is_contents(node: "LexborNode") -> bool:
    """Whether an entry stands in the table of contents: not in the lists of pages or landmarks beside it."""
    above = node.parent
    while above is not None and above.tag != "nav":
        above = above.parent
    return above is None or "toc" in (above.attributes.get("epub:type") or "toc")


def _found(archive: Archive, name: str, tag: str, attribute: str) -> Iterator[tuple["LexborNode", str]]:
    """Yield the elements of a file that have an attribute, and its value; none if the file is missing or broken."""
    with suppress(UnreadableError):
        tree = parse(decode_markup(archive.read(name)).text, xml=True)
        for node in tree.css(f"[{attribute}]"):
            # Whatever prefix the namespace has here.
            value = node.attributes.get(attribute)
            if value and (node.tag or "").rpartition(":")[2] == tag:
                yield node, value


def _resolved(archive: Archive, base: str, href: str) -> str:
    """Return the name in the archive that a link in one of its files means; it may not be there."""
    path = href.partition("#")[0]
    names = [posixpath.normpath(posixpath.join(posixpath.dirname(base), name)) for name in (unquote(path), path)]
    return next((name for name in names if name in archive.names), names[0])


def _refuse_locked(archive: Archive, chapters: Iterable[str]) -> None:
    locked = {unquote(uri) for _, uri in _found(archive, _ENCRYPTION, "cipherreference", "uri")}
    if locked.intersection(chapters):
        raise UnreadableError(
            "is locked by its seller (DRM).", "Only the seller's own programs can open it; export its text from there."
        )

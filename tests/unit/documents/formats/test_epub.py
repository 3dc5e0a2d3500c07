from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from longagent.documents.formats import epub
from longagent.documents.parsed import Heading, UnreadableError

CONTAINER = '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
PACKAGE = """<?xml version="1.0"?><opf:package xmlns:opf="http://www.idpf.org/2007/opf"><opf:manifest>
<opf:item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>
<opf:item id="two" href="two.xhtml" media-type="application/xhtml+xml"/>
<opf:item id="one" href="a%20b.xhtml" media-type="application/xhtml+xml"/>
<opf:item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>
<opf:item id="lost" href="lost.xhtml" media-type="application/xhtml+xml"/>
</opf:manifest><opf:spine><opf:itemref idref="cover"/><opf:itemref idref="nav"/><opf:itemref idref="one"/>
<opf:itemref idref="lost"/><opf:itemref idref="two"/><opf:itemref idref="unknown"/></opf:spine></opf:package>"""
BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OPS/book.opf": PACKAGE,
    "OPS/nav.xhtml": '<nav epub:type="page-list"><a href="two.xhtml">12</a></nav>'
    '<nav epub:type="toc"><ol><li><a href="a%20b.xhtml#x">The  start</a></ol></nav>',
    "OPS/cover.xhtml": "<html><title/><body><img src='x.jpg'/></body></html>",
    "OPS/a b.xhtml": "<html><head><title/></head><h1>One</h1><p>First.</p><h2>More</h2><p>Second.</p></html>",
    "OPS/two.xhtml": "<html><body><h1>Two</h1><p>Unclosed & bad",
}


def packed(files: dict[str, str], *, compression: int = ZIP_DEFLATED) -> bytes:
    stream = BytesIO()
    with ZipFile(stream, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_chapters_in_reading_order_with_their_titles() -> None:
    parsed = epub.read(packed(BOOK))
    assert [(part.title, part.text) for part in parsed.parts] == [
        ("The start", "One\n\nFirst.\n\nMore\n\nSecond."),
        ("Two", "Two\n\nUnclosed & bad"),
    ]
    assert parsed.parts[0].headings == (Heading(0, 1, "One"), Heading(13, 2, "More"))
    assert parsed.warnings == ("a chapter is missing, since the book is incomplete: there is no OPS/lost.xhtml in it",)


def test_titles_of_older_books_come_from_their_ncx() -> None:
    package = PACKAGE.replace(
        'href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"',
        'href="toc.ncx" media-type="application/x-dtbncx+xml"',
    )
    ncx = "<ncx><navPoint><navLabel><text>Part 2</text></navLabel><content src='two.xhtml'/></navPoint>"
    parsed = epub.read(packed(BOOK | {"OPS/book.opf": package, "OPS/toc.ncx": ncx}))
    assert [part.title for part in parsed.parts] == ["One", "Part 2"]


def test_a_book_without_reading_order_is_read_as_listed() -> None:
    package = PACKAGE[: PACKAGE.index("<opf:spine>")]
    assert [part.title for part in epub.read(packed(BOOK | {"OPS/book.opf": package})).parts] == ["Two", "The start"]


def test_paths_out_of_the_book_and_entities_lead_nowhere() -> None:
    package = PACKAGE.replace("two.xhtml", "../../../../etc/passwd")
    chapter = '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>a &x; b</p>'
    parsed = epub.read(packed(BOOK | {"OPS/book.opf": package, "OPS/a b.xhtml": chapter}))
    assert [part.text for part in parsed.parts] == ["a &x; b"]
    assert "etc/passwd" in parsed.warnings[1]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"META-INF/container.xml": None}, "no META-INF/container.xml"),
        ({"OPS/book.opf": None}, "OPS/book.opf is missing"),
        ({"OPS/a b.xhtml": "<p/>", "OPS/two.xhtml": None}, "no chapter that can be read"),
        (
            {"META-INF/encryption.xml": '<enc:CipherReference URI="OPS/two.xhtml"/>'},
            "locked by its seller",
        ),
        ({"OPS/two.xhtml": "x" * 70_000_000}, "made to fill memories"),
    ],
)
def test_books_that_cannot_be_read(change: dict[str, str | None], problem: str) -> None:
    files = {name: content for name, content in (BOOK | change).items() if content is not None}
    with pytest.raises(UnreadableError, match=problem):
        epub.read(packed(files))


def test_damaged_chapters_cost_only_themselves() -> None:
    data = packed(BOOK, compression=0).replace(b"Unclosed & bad", b"Unclosed X bad")
    parsed = epub.read(data)
    assert [part.title for part in parsed.parts] == ["The start"]
    assert "OPS/two.xhtml cannot be unpacked" in parsed.warnings[1]


def test_half_a_book_is_refused() -> None:
    with pytest.raises(UnreadableError, match="not a whole zip archive"):
        epub.read(packed(BOOK)[:400])

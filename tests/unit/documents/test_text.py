import pytest

from longagent.documents import Document
from longagent.documents.formats import markdown, text
from longagent.documents.formats.text import decode
from longagent.documents.parsed import Heading, Parsed


def document_of(parsed: Parsed) -> Document:
    return Document.from_parsed(parsed, id="x", name="x")


FRENCH = "Le café coûte très cher à l'été, où l'élève préfère déjeuner. "


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_certain(encoding: str) -> None:
    assert decode(f"{FRENCH}€😀".encode(encoding)) == (f"{FRENCH}€😀", None)


@pytest.mark.parametrize(
    ("given", "encoding"),
    [
        (FRENCH, "cp1252"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy. ", "cp1250"),
        ("Привет, мир. Это обычный русский текст о погоде. ", "cp1251"),
        ("東京タワーの高さは三百三十三メートルです。", "shift_jis"),
        ("项目预算为三百五十万元。", "gb18030"),
    ],
)
def test_other_encodings_are_guessed_with_a_warning(given: str, encoding: str) -> None:
    decoded = decode((given * 5).encode(encoding))
    assert decoded.text == given * 5
    assert "guess" in (decoded.warning or "")


def test_damaged_utf8_stays_utf8() -> None:
    decoded = decode("naïve café ".encode() + b"\xff end")
    assert decoded.text == "naïve café \ufffd end"
    assert "1 bytes" in (decoded.warning or "")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (b"a\x00b\x1b[31m\x07", "ab[31m"),
        (b"lone \xed\xa0\x80 one", "lone \ufffd one"),
        (b"pair \xed\xa0\xbd\xed\xb8\x80", "pair 😀"),
        ("zero\u200bwidth".encode(), "zero\u200bwidth"),
    ],
)
def test_text_can_always_be_written(data: bytes, expected: str) -> None:
    decoded = decode(data).text
    assert decoded == expected
    decoded.encode()


def test_form_feeds_are_page_breaks() -> None:
    document = document_of(text.read(b"one\ftwo\f\ffour\f"))
    assert [document.page_text(page) for page in document.pages] == ["one", "two", "", "four"]
    assert document.paged
    assert document.page_at(document.text.index("four")).number == 4
    assert not text.read(b"one").paged


def test_markdown_sections_begin_at_headings_outside_code() -> None:
    source = "before\n\n# One ##\nbody\n~~~\n# code\n~~~\n```\n# more code\n````\n## C#\n#no heading\n#\nuntitled\n"
    document = document_of(markdown.read(source.encode()))
    assert [page.title for page in document.pages] == [None, "One", "C#", None]
    assert document.page_text(document.pages[1]).startswith("# One ##\nbody")
    assert document.page_text(document.pages[2]) == "## C#\n#no heading"
    assert not document.paged


def test_markdown_heading_of_white_space_takes_no_time() -> None:
    markdown.read(("# " + " " * 200_000 + "x\n").encode())


def test_what_a_place_stands_under() -> None:
    document = document_of(markdown.read(b"top\n# A\na\n### B\nb\n## C\nc\n# D\nd\n"))
    paths = {word: document.path_at(document.text.rindex(word)) for word in ("top", "a", "b", "c", "d")}
    assert paths == {"top": (), "a": ("A",), "b": ("A", "B"), "c": ("A", "C"), "d": ("D",)}
    assert document.headings[1] == Heading(document.text.index("### B"), 3, "B")

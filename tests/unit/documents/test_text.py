import time

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


SENTENCES = {
    "cp1252 iso8859-15": "Le comité a décidé d'approuver le rapport. Größere Überschüsse wären möglich.",
    "cp1250 iso8859-2": "Zarząd spółki ogłosił, że zyski wzrosły. Źródłem były głównie usługi świadczone klientom.",
    "cp1251 koi8-r iso8859-5 cp866": "Компания сообщила, что выручка выросла на десять процентов в этом году.",
    "cp1253 iso8859-7": "Η εταιρεία ανακοίνωσε ότι τα έσοδα αυξήθηκαν κατά δέκα τοις εκατό.",
    "cp1254": "Şirket, gelirlerin yüzde on arttığını açıkladı ve yeni ürünleri onayladı.",
    "cp1255 iso8859-8": "החברה הודיעה כי ההכנסות עלו בעשרה אחוזים השנה.",
    "cp1256 iso8859-6": "أعلنت الشركة أن الإيرادات ارتفعت بنسبة عشرة في المئة.",
    "shift_jis euc-jp iso2022_jp": "会社は売上高が十パーセント増加したと発表しました。",
    "gb18030": "公司宣布收入增长了百分之十。董事会决定向股东派发股息。",
    "big5": "公司宣布收入增長了百分之十。董事會決定向股東派發股息。",
    "euc-kr": "회사는 매출이 십 퍼센트 증가했다고 발표했습니다.",
}


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [(encoding, sentence) for encodings, sentence in SENTENCES.items() for encoding in encodings.split()],
)
def test_encodings_are_told_by_the_letters(encoding: str, sentence: str) -> None:
    decoded = decode(f"{sentence}\n".encode(encoding))
    assert decoded.text == f"{sentence}\n"
    assert (decoded.warning is None) == (encoding == "iso2022_jp")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"])
@pytest.mark.parametrize("sentence", SENTENCES.values())
def test_unicode_is_told_in_every_script(encoding: str, sentence: str) -> None:
    assert decode(f"{sentence}\n".encode(encoding)) == (f"{sentence}\n", None)


@pytest.mark.parametrize("text", ["Price: €5", "20 °C, 5 µm", "Don’t. He said “yes”…", "naïve Brontë’s"])
def test_a_few_signs_are_western(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize("declared", ["latin1", "unicode_escape", "utf-7", "zip", "idna", "\x00", "utf-16", "nothing"])
def test_what_a_document_says_of_its_encoding_does_no_harm(declared: str) -> None:
    assert decode("Grüße \\u0041 +AGE-".encode("cp1252"), declared=declared).text == "Grüße \\u0041 +AGE-"
    assert decode("Grüße".encode(), declared=declared).text == "Grüße"


def test_damage_under_a_named_encoding_is_told() -> None:
    assert decode(b"\x82\xa0 \x82", declared="Shift_JIS") == (
        "あ \ufffd",
        "1 bytes are not valid Shift_JIS and were replaced",
    )


def test_a_file_in_base64_is_told() -> None:
    assert "Base64" in text.read(b"8uPr5e8gVGVzbGEgLSDw4/j5+iDn+unu5CDy7CDk4ff55CDs+On55e0g").warnings[0]
    begun = time.perf_counter()
    assert not text.read(b"Ab1/" * 10 + b"\n" * 100_000 + b"....").warnings
    assert time.perf_counter() - begun < 1
    assert text.read(b"x" * 400 + b"8842").warnings == ()


def test_markdown_headings_may_be_underlined() -> None:
    source = b"One\n===\n\na\nb\n---\n\n| x | y |\n|---|---|\n\n- item\n---\n\nTwo\n---\nc\n"
    parts = markdown.read(source).parts
    assert [(part.title, part.headings[0].level) for part in parts] == [("One", 1), ("Two", 2)]


def test_markdown_metadata_is_a_section_and_comments_are_left_out() -> None:
    source = "---\ntitle: Report\n---\n<!-- to\ndo -->\n# A\n<!-- x -->\n```\n<!-- kept -->\n```\n<!-- open\nb\n"
    assert [part.text for part in markdown.read(source.encode()).parts] == [
        "title: Report",
        "# A\n```\n<!-- kept -->\n```\nb",
    ]
    markdown.read(b"<!-- x\n" * 100_000)
    source = "<!-- a --> <!-- b --> one\n<!-- c\nd --> two\n<!-- e --> <!-- f\n"
    assert markdown.read(source.encode()).parts[0].text == "one\ntwo"


def test_embedded_images_are_no_text() -> None:
    source = b"![Map](data:image/png;base64," + b"iVBORw0KGgo" * 50 + b") end"
    assert markdown.read(source).parts[0].text == "![Map](data:image/png;base64,…) end"

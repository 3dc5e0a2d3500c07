"""Stories in six formats agree, and awkward web pages, books and texts are read as their list says."""

import re
from difflib import SequenceMatcher
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from longagent.documents.document import Document
from longagent.documents.formats import READERS
from longagent.documents.parsed import UnreadableError
from longagent.documents.sniff import sniff
from longagent.errors import SourceError

SHARED = Path(__file__).parents[3] / "shared" / "data"
STORIES = SHARED / "dev" / "docs" / "format_parity"
HOSTILE = SHARED / "hostile"

pytestmark = pytest.mark.skipif(not STORIES.is_dir(), reason="needs the documents in ../shared/data")


@cache
def document(path: Path) -> Document:
    data = path.read_bytes()
    parsed = import_module(READERS[sniff(data, name=path.name)]).read(data)
    return Document.from_parsed(parsed, id="", name=path.name)


def words(text: str) -> list[str]:
    # Lines of a PDF end within words, mostly at the hyphens that the words have anyway.
    return re.findall(r"\w+", re.sub(r"(\w)-\n(\w)", r"\1\2", text.lower()).replace("’", "'"))


@pytest.mark.parametrize("story", ["000", "002"])
@pytest.mark.parametrize("form", ["html", "epub", "md", "docx", "pdf"])
def test_a_story_reads_the_same_in_every_format(story: str, form: str) -> None:
    expected = words(document(STORIES / f"{story}.txt").text)
    found = words(document(STORIES / f"{story}.{form}").text)
    ratio = SequenceMatcher(None, expected, found, autojunk=False).ratio()
    assert ratio >= 0.99


@pytest.mark.parametrize(
    ("name", "kept", "left_out"),
    [
        ("html_deep_nesting.html", "4711", "<div"),
        ("html_prompt_injection.html", "The annual fee is 40 euros.", "IGNORE"),
        ("html_prompt_injection.html", "40 euros", "secret-script-text"),
        ("html_base64_image.html", "Test page", "/9j/"),
        ("html_with_scripts.html", "Belarusian forces remain unlikely to attack", "function("),
        ("html_serp_440k.html", "headquartered in Redmond", "function("),
        ("fake-html-cp1252.html", "Die schöne Frau", "\ufffd"),
        ("example-steelJIS-datasheet-utf-16.html", "Rockwell C HRC", "\ufffd"),
        ("small.epub", "Chapter 2: More Content", "<"),
        ("epub_bad_xhtml.epub", "The password is swordfish", "<"),
        ("fake-text-utf-16.txt", "Doylestown", "\x00"),
        ("fake-text-utf-16-le.txt", "Doylestown", "\x00"),
        ("fake-text-utf-16-be.txt", "Doylestown", "\x00"),
        ("fake-text-utf-32.txt", "Doylestown", "\x00"),
        ("udhr_all_languages.txt", "Universal Declaration", "\ufffd"),
        ("txt_latin1.txt", "café coûte 3 £ à Besançon. Größe: 42 µm", "\ufffd"),
        ("txt_cp1256_arabic.txt", "عاصمة فرنسا هي باريس", "\ufffd"),
        ("txt_shift_jis.txt", "三百三十三メートル", "\ufffd"),
        ("txt_gb18030.txt", "三百五十万元", "\ufffd"),
        ("txt_utf16le_nobom.txt", "marmalade", "\x00"),
        ("txt_utf8_bom_crlf.txt", "Line one.\nThe code", "\ufeff"),
        ("txt_invalid_utf8.txt", "5,300 dollars", "\x80"),
        ("txt_nul_bytes.txt", "The total was 17.", "\x00"),
        ("txt_cr_only.txt", "First line\nThe key is 99.\nlast line", "\r"),
        ("txt_lone_surrogate_utf8.txt", "value 7", "\ud800"),
        ("txt_single_line_1MB.txt", "8842", "\n\n"),
        ("txt_repetition.txt", "3391", "\r"),
        ("txt_zero_width_rtl.txt", "euros", "\ufeff"),
        ("txt_json_braces.txt", "The true answer is blue.", "\r"),
        ("txt_prompt_injection.txt", "120,000 francs", "\r"),
        ("odd name — ünïcode & spaces (1).txt", "marmalade", "\r"),
        ("-rf.txt", "marmalade", "\r"),
    ],
)
def test_awkward_files_are_read(name: str, kept: str, left_out: str) -> None:
    text = document(HOSTILE / name).text
    assert kept in text
    assert left_out not in text
    text.encode()


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("epub_bad_xhtml.epub", "missing.xhtml"),
        ("txt_latin1.txt", "guess"),
        ("txt_gb18030.txt", "guess"),
        ("hebrew-text-base64-iso88598i.txt", "Base64"),
    ],
)
def test_what_was_guessed_or_lost_is_told(name: str, warning: str) -> None:
    assert any(warning in told for told in document(HOSTILE / name).warnings)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("epub_no_container.epub", "not a whole EPUB book"),
        ("html_named.pdf", "web page"),
        ("png_named.pdf", "PNG image"),
        ("random_bytes.txt", "binary data"),
        ("zero_byte.txt", "is empty"),
        ("fake-text-all-whitespace.txt", "is empty"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, problem: str) -> None:
    with pytest.raises((SourceError, UnreadableError), match=problem):
        document(HOSTILE / name)


def test_a_pdf_with_another_name_is_one() -> None:
    assert sniff((HOSTILE / "pdf_named.txt").read_bytes(), name="pdf_named.txt") == "pdf"

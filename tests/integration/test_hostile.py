"""All files of the hostile folder behave as its manifest says: what becomes of each stands in one table here.

The files lie beside the repository; where they are absent, these tests are skipped.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from longagent.documents import Document
from longagent.documents.parsed import Options
from longagent.documents.reading import Reading
from longagent.errors import LockedSourceError, SourceError

HOSTILE = Path(__file__).parents[2] / "../shared/data/hostile"
NAMES = sorted(row["file"] for row in json.loads((HOSTILE / "manifest.json").read_bytes())) if HOSTILE.is_dir() else []
pytestmark = pytest.mark.skipif(not NAMES, reason="the hostile files are not beside the repository")


class Read(NamedTuple):
    """A passage that is in the text, how many pages there are, and what the warnings say."""

    passage: str = ""
    pages: int | None = None
    warning: str | None = None


class Refused(NamedTuple):
    """What the one sentence says of the cause."""

    cause: str


LOCKED = Refused("is password-protected")
DAMAGED = Refused("not a readable PDF")
BLANK = Refused("all blank")
SCAN = Refused("looks scanned: ")
EMPTY = Refused("is empty")
ULTA = "Ulta Beauty Announces Fourth Quarter"

EXPECTED: dict[str, Read | Refused] = {
    # Encrypted.
    "enc_r6-user-password.pdf": LOCKED,
    "enc_r3-user-password.pdf": LOCKED,
    "enc_r4-aes-user-password.pdf": LOCKED,
    "enc_libreoffice_password.pdf": LOCKED,
    "enc_crazyones_256.pdf": LOCKED,
    "enc_password.pdf": LOCKED,
    "enc_r6-owner-password.pdf": Read("pdf encryption test"),
    "enc_r5-empty-password.pdf": Read("pdf encryption test"),
    "enc_copy_protected.pdf": Read("LayoutParser", pages=2),
    "enc_no_id.pdf": Refused("looks scanned: 3 pages"),
    "enc_office.xlsx": LOCKED,
    # Damaged PDFs.
    "qpdf_bad1.pdf": Refused("is not a PDF"),
    "qpdf_bad-xref.pdf": Read("Potato"),
    "qpdf_bad-xref-entry.pdf": Read("Potato"),
    "qpdf_bad-direct-root.pdf": Refused("is not a PDF"),
    "qpdf_bad-token-startxref.pdf": Read("Potato"),
    "qpdf_damaged-stream.pdf": Read("Potato"),
    "qpdf_issue-100.pdf": DAMAGED,
    "qpdf_badlin1.pdf": Read("Potato 29", pages=30),
    "qpdf_bad-encryption-length.pdf": LOCKED,
    "qpdf_empty.pdf": DAMAGED,  # it has no pages, and pdfium opens no such file
    "pdfjs_xref_command_missing.pdf": Read("Reduced test-case"),
    "pdfjs_helloworld-bad.pdf": Read("Hello, world!"),
    "pdfjs_poppler-67295-0.pdf": Read("TestString123"),
    "pdfjs_poppler-85140-0.pdf": BLANK,
    "pdfjs_poppler-91414-0-53.pdf": Read("foobar"),
    "pdfjs_REDHAT-1531897-0.pdf": DAMAGED,
    "pdfjs_GHOSTSCRIPT-698804-1-fuzzed.pdf": BLANK,
    "pdfjs_poppler-395-0-fuzzed.pdf": DAMAGED,
    "pdfjs_poppler-742-0-fuzzed.pdf": DAMAGED,
    "pdfjs_poppler-937-0-fuzzed.pdf": SCAN,
    "pdfjs_PDFBOX-3148-2-fuzzed.pdf": BLANK,
    "pdfjs_pdfjsbad1586.pdf": Read("pdf.js test"),
    "pdfjs_scan-bad.pdf": Read("pdf.js"),
    "pdfjs_empty.pdf": BLANK,
    "pdfjs_encrypted-attachment.pdf": Read("Example"),
    "ocrmypdf_invalid.pdf": DAMAGED,
    "ocrmypdf_no_contents.pdf": BLANK,
    "ocrmypdf_trivial.pdf": BLANK,
    "unst_bad_color_space.pdf": Read("2023 Environmental Report"),
    "zero_byte.pdf": EMPTY,
    "truncated_half.pdf": DAMAGED,
    "tail_garbage.pdf": Read(ULTA, pages=9),
    "head_garbage.pdf": Read(ULTA, pages=9),
    "broken_xref.pdf": Read(ULTA, pages=9),
    # Scans, and text that is none.
    "scan_huckfinn_p22.pdf": SCAN,
    "scan_skew.pdf": SCAN,
    "scan_rotated_4dirs.pdf": Refused("looks scanned: 4 pages"),
    "scan_rotated_skew.pdf": SCAN,
    "scan_medical_report.pdf": Refused("looks scanned: 3 pages"),
    "scan_ocr_test.pdf": SCAN,
    "scan_ocr_test_rot180.pdf": SCAN,
    "scan_backus_1977_p21.pdf": Read("permits the definition of new functional"),
    "truetype_font_nomapping.pdf": Refused("text layer that is unreadable"),
    "type3_font_nomapping.pdf": Refused("text layer that is unreadable"),
    "mixed_empty_pages.pdf": Read("LayoutParser", pages=4),
    # Too much.
    "huge_page_enormous.pdf": SCAN,
    "huge_image_35000px.pdf": SCAN,
    "huge_mediabox.pdf": BLANK,
    "pages_5000_blank.pdf": Refused("5000 pages, all blank"),
    "pdf_flate_bomb_120MB.pdf": Refused("has no text"),
    "docx_bomb_80MB.docx": Refused("unpacks to too much"),
    "docx_billion_laughs.docx": Refused("declares XML entities"),
    "txt_single_line_1MB.txt": Read("8842"),
    "txt_repetition.txt": Read("3391"),
    # Other scripts.
    "right_to_left_01.pdf": Read("البرمجة بلغة"),
    "right_to_left_02.pdf": Read("الحكومة المصرية"),
    "arabic_cid_truetype.pdf": Read("انواع الخطوط العربية"),
    "japanese_vertical.pdf": Read("日本語", pages=3, warning="pages 2-3 have no text"),
    "korean_tables.pdf": Read("적립 제외 대상"),
    "udhr_all_languages.txt": Read("Universal Declaration of Human Right"),
    # Encodings.
    "fake-text-utf-16.txt": Read("Doylestown"),
    "fake-text-utf-16-le.txt": Read("Doylestown"),
    "fake-text-utf-16-be.txt": Read("Doylestown"),
    "fake-text-utf-32.txt": Read("Doylestown"),
    "hebrew-text-base64-iso88598i.txt": Read(warning="looks like a file in Base64"),
    "fake-text-all-whitespace.txt": EMPTY,
    "zero_byte.txt": EMPTY,
    "txt_latin1.txt": Read("Le café coûte 3 £ à Besançon. Größe: 42 µm."),
    "txt_cp1256_arabic.txt": Read("باريس"),
    "txt_shift_jis.txt": Read("三百三十三メートル"),
    "txt_gb18030.txt": Read("三百五十万元"),
    "txt_utf16le_nobom.txt": Read("marmalade"),
    "txt_utf8_bom_crlf.txt": Read("Line one.\nThe code word is marmalade."),
    "txt_invalid_utf8.txt": Read("5,300"),
    "txt_nul_bytes.txt": Read("The total was 17."),
    "txt_cr_only.txt": Read("First line\nThe key is 99.\n"),
    "txt_lone_surrogate_utf8.txt": Read("value 7"),
    "txt_zero_width_rtl.txt": Read("euros"),
    "txt_json_braces.txt": Read("{}{}{{}}"),
    "txt_prompt_injection.txt": Read("120,000 francs"),
    "odd name — ünïcode & spaces (1).txt": Read("marmalade"),
    "-rf.txt": Read("marmalade"),
    # Not what the name says.
    "html_named.pdf": Refused("is named .pdf but is a web page"),
    "pdf_named.txt": DAMAGED,
    "random_bytes.txt": Refused("binary data"),
    "png_named.pdf": Refused("PNG image"),
    # Web pages.
    "fake-html-cp1252.html": Read("Die schöne Frau", warning="guess"),
    "example-steelJIS-datasheet-utf-16.html": Read("Rockwell C HRC"),
    "html_with_scripts.html": Read("Belarusian forces remain unlikely to attack"),
    "html_base64_image.html": Read("Test page"),
    "html_serp_440k.html": Read("headquartered in Redmond"),
    "html_deep_nesting.html": Read("4711"),
    "html_prompt_injection.html": Read("40 euros"),
    # Office and books.
    "docx_incomplete_rows.docx": Read("e | d | f"),
    "docx_header_footer.docx": Read("Header: First header para"),
    "docx_strict_ooxml.docx": Read("Some text"),
    "docx_textbox.docx": Read("A report must be submitted within 24 hours"),
    "docx_xxe.docx": Refused("declares XML entities"),
    "docx_zip_slip.docx": Read("hello world"),
    "docx_no_document_xml.docx": Refused("has no word/document.xml"),
    "docx_truncated.docx": Refused("not a whole Office file"),
    "zero_byte.docx": EMPTY,
    "pptx_malformed.pptx": Read("Test Slide"),
    "legacy_word97.doc": Refused("old Word document"),
    "small.epub": Read("Chapter 2: More Content", 2),
    "epub_no_container.epub": Refused("not a whole EPUB book"),
    "epub_bad_xhtml.epub": Read("The password is swordfish", warning="missing.xhtml"),
}

PASSWORDS = {
    "enc_r6-user-password.pdf": "asdfzxcv",
    "enc_r3-user-password.pdf": "asdfzxcv",
    "enc_r4-aes-user-password.pdf": "asdfzxcv",
    "enc_libreoffice_password.pdf": "openpassword",
    "enc_crazyones_256.pdf": "password",
    "enc_password.pdf": "password",
}


class Desk:
    """Reads files one by one, in the same guarded processes."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._readings: dict[str | None, Reading] = {}

    def read(self, name: str, password: str | None = None) -> Document:
        reading = self._readings.setdefault(password, Reading(Options(password=password)))
        return self._runner.run(reading.read((HOSTILE / name).read_bytes(), name=name))

    def attempt(self, name: str) -> Document | SourceError:
        try:
            return self.read(name)
        except SourceError as error:
            return error

    def close(self) -> None:
        for reading in self._readings.values():
            self._runner.run(reading.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with asyncio.Runner() as runner:
        desk = Desk(runner)
        yield desk
        desk.close()


def test_the_table_is_complete() -> None:
    assert sorted(EXPECTED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_file_behaves_as_it_should(name: str, desk: Desk) -> None:
    expected = EXPECTED[name]
    started = time.monotonic()
    outcome = desk.attempt(name)
    assert time.monotonic() - started < 60
    if isinstance(outcome, SourceError):
        assert str(outcome).startswith(f"{name}: ")
        assert "\n" not in str(outcome)
        assert "Traceback" not in str(outcome)
        assert isinstance(expected, Refused), str(outcome)
        assert expected.cause in str(outcome)
        return
    assert isinstance(expected, Read), outcome.text[:200]
    assert expected.passage in outcome.text
    assert expected.pages in {None, len(outcome.pages)}
    assert any((expected.warning or "") in warning for warning in outcome.warnings or ("",))
    assert all(0 <= page.start <= page.end <= len(outcome.text) for page in outcome.pages)
    assert not re.search("[\x00-\x08\ufeff]", outcome.text)
    json.dumps(outcome.to_dict(), ensure_ascii=False).encode()


@pytest.mark.parametrize("name", PASSWORDS)
def test_the_password_opens_it_and_a_wrong_one_is_told_as_such(name: str, desk: Desk) -> None:
    assert desk.read(name, PASSWORDS[name]).text.strip()
    with pytest.raises(LockedSourceError, match="the password is wrong") as wrong:
        desk.read(name, "hushhush")
    assert "hushhush" not in str(wrong.value)
    with pytest.raises(LockedSourceError, match=r"is password-protected\. Give its password"):
        desk.read(name)


_WHOLE_FOLDER = """
import asyncio, json, resource, sys
from longagent.documents import load
loaded = asyncio.run(load(sys.argv[1:], ocr=False))
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"documents": [d.name for d in loaded.documents], "warnings": loaded.warnings, "peak": peak}))
"""


def test_all_at_once_the_bad_ones_are_reported_and_the_good_ones_read() -> None:
    paths = [str(HOSTILE / name) for name in NAMES]
    command = [sys.executable, "-c", _WHOLE_FOLDER, *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    result = json.loads(done.stdout)
    read = {Path(name).name for name in result["documents"]}
    told = "\n".join(result["warnings"])
    assert result["peak"] < 1e9
    for name, expected in EXPECTED.items():
        if isinstance(expected, Refused):
            assert name not in read
            assert f"{name}: " in told
        else:
            assert name in read or f"{name} has the same content" in told

"""Real PDFs, and the files that hostile or careless people produce."""

import asyncio
import json
from pathlib import Path

import pytest

from longagent.documents import Document, chunk, load
from longagent.documents.sentences import sentences
from longagent.documents.tokens import count_tokens
from longagent.errors import SourceError

DATA = Path(__file__).parents[2] / "../shared/data"
HOSTILE = DATA / "hostile"
REAL = DATA / "dev/docs"

needs_hostile = pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile files are not beside the repository")
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the dev documents are not beside the repository")


def read(path: Path) -> Document:
    return asyncio.run(load([path])).documents[0]


def names(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.glob(pattern)) if folder.is_dir() else []


@needs_hostile
@pytest.mark.parametrize("name", names(HOSTILE))
def test_every_hostile_file_is_read_or_refused_by_name(name: str) -> None:
    try:
        document = read(HOSTILE / name)
    except SourceError as error:
        refusal = str(error)
    else:
        assert document.text.strip()
        json.dumps(document.to_dict(), ensure_ascii=False).encode()
        assert all(0 <= page.start <= page.end <= len(document.text) for page in document.pages)
        return
    assert refusal.startswith(f"{HOSTILE / name}: ")
    assert "\n" not in refusal


@needs_hostile
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("enc_r6-user-password.pdf", "password"),
        ("enc_r3-user-password.pdf", "password"),
        ("enc_r4-aes-user-password.pdf", "password"),
        ("enc_libreoffice_password.pdf", "password"),
        ("enc_crazyones_256.pdf", "password"),
        ("enc_password.pdf", "password"),
        ("enc_office.xlsx", "password-protected Office"),
        ("scan_huckfinn_p22.pdf", "looks scanned: 1 page"),
        ("scan_rotated_4dirs.pdf", "looks scanned: 4 pages"),
        ("scan_medical_report.pdf", "ocrmypdf"),
        ("truetype_font_nomapping.pdf", "unreadable"),
        ("type3_font_nomapping.pdf", "unreadable"),
        ("pages_5000_blank.pdf", "5000 pages, all blank"),
        ("pdf_flate_bomb_120MB.pdf", "no text"),
        ("truncated_half.pdf", "damaged"),
        ("html_named.pdf", "HTML"),
        ("png_named.pdf", "PNG"),
        ("random_bytes.txt", "binary"),
        ("pdf_named.txt", "damaged"),
        ("zero_byte.pdf", "is empty"),
        ("zero_byte.txt", "is empty"),
        ("fake-text-all-whitespace.txt", "is empty"),
        ("docx_textbox.docx", "Word"),
        ("legacy_word97.doc", "Office"),
        ("small.epub", "EPUB"),
    ],
)
def test_refusals_say_why(name: str, cause: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(HOSTILE / name)
    assert cause in str(caught.value)


@needs_hostile
@pytest.mark.parametrize(
    ("name", "passage"),
    [
        ("enc_copy_protected.pdf", "LayoutParser"),
        ("enc_r6-owner-password.pdf", "pdf encryption test"),
        ("head_garbage.pdf", "Ulta Beauty Announces Fourth Quarter"),
        ("tail_garbage.pdf", "Ulta Beauty Announces Fourth Quarter"),
        ("broken_xref.pdf", "Ulta Beauty Announces Fourth Quarter"),
        ("pdfjs_helloworld-bad.pdf", "Hello, world!"),
        ("arabic_cid_truetype.pdf", "انواع الخطوط العربية"),
        ("korean_tables.pdf", "적립 제외 대상"),
        ("fake-text-utf-16-be.txt", "Doylestown"),
        ("fake-text-utf-32.txt", "Doylestown"),
        ("txt_utf16le_nobom.txt", "marmalade"),
        ("txt_utf8_bom_crlf.txt", "Line one.\nThe code word is marmalade."),
        ("txt_latin1.txt", "Le café coûte 3 £ à Besançon. Größe: 42 µm."),
        ("txt_cp1256_arabic.txt", "باريس"),
        ("txt_shift_jis.txt", "三百三十三メートル"),
        ("txt_gb18030.txt", "三百五十万元"),
        ("txt_invalid_utf8.txt", "5,300"),
        ("txt_nul_bytes.txt", "The total was 17."),
        ("txt_cr_only.txt", "First line\nThe key is 99.\n"),
        ("txt_single_line_1MB.txt", "8842"),
        ("txt_repetition.txt", "3391"),
        ("txt_prompt_injection.txt", "120,000 francs"),
        ("-rf.txt", "marmalade"),
        ("odd name — ünïcode & spaces (1).txt", "marmalade"),
    ],
)
def test_readable_ones_are_read(name: str, passage: str) -> None:
    document = read(HOSTILE / name)
    assert passage in document.text
    assert not document.text.startswith("\ufeff")


@needs_hostile
def test_page_numbers_stay_right_when_pages_are_empty() -> None:
    document = read(HOSTILE / "mixed_empty_pages.pdf")
    filled = [page.number for page in document.pages if document.page_text(page)]
    assert (len(document.pages), filled) == (4, [1, 4])
    assert document.page_at(document.text.index("Introduction")).number in filled
    assert document.warnings == ()  # they are blank, not scanned


@needs_hostile
def test_pages_that_were_not_read_are_named() -> None:
    document = read(HOSTILE / "japanese_vertical.pdf")
    assert document.warnings == ("pages 2-3 have no text (scanned images?) and could not be read",)


@needs_hostile
def test_a_whole_folder_of_them() -> None:
    result = asyncio.run(load([str(HOSTILE)]))
    assert len(result.documents) > 30
    assert sum(warning.startswith("skipped in ") for warning in result.warnings) == 1


@needs_real
@pytest.mark.parametrize("name", [*names(REAL, "mmlongbench_doc/*.pdf"), *names(REAL, "xquad/*.txt")])
def test_chunks_and_sentences_of_real_documents_are_exact(name: str) -> None:
    document = read(REAL / name)
    for limit in (120, 700):
        position = 0
        for piece in chunk([document], tokens=limit):
            assert piece.text.strip() == piece.text == document.text[piece.span.start : piece.span.end] != ""
            assert not document.text[position : piece.span.start].strip()
            assert count_tokens(piece.text) <= limit
            position = piece.span.end
        assert not document.text[position:].strip()
    position = 0
    for start, end in sentences(document.text):
        assert not document.text[position:start].strip()
        position = end
    assert not document.text[position:].strip()


@needs_real
def test_a_paper_by_page() -> None:
    document = read(REAL / "mmlongbench_doc/2023.findings-emnlp.248.pdf")
    assert (len(document.pages), document.paged) == (19, True)
    assert "lan-\nguage models with access to external tools" in document.page_text(document.pages[2])


@needs_real
def test_a_module_beside_the_documents_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "pypdfium2.py", "threading.py"):
        (tmp_path / name).write_text("open('executed', 'w')\nraise SystemExit")
    monkeypatch.chdir(tmp_path)
    document = read(REAL.resolve() / "format_parity/002.pdf")
    assert document.text
    assert not (tmp_path / "executed").exists()

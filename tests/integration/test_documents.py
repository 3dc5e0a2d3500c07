"""Real PDFs, and the files that hostile or careless people produce."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from longagent.documents import Document, chunk, load
from longagent.documents import pdf as pdf_module
from longagent.documents.pdf import read_pdf
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


def children() -> set[int]:
    """Processes started by this one that still exist, zombies included."""
    listing = subprocess.run(["ps", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listing.splitlines()]
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return {int(pid) for pid, parent, args in rows if int(parent) == os.getpid() and "ps" not in args}
    return {int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()}


@pytest.fixture
def slow_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands for a PDF on which pdfium hangs."""
    script = tmp_path / "worker.py"
    script.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(pdf_module, "_WORKER", str(script))


@pytest.mark.usefixtures("slow_worker")
def test_a_hanging_pdf_is_given_up_and_leaves_no_process() -> None:
    before = children()
    with pytest.raises(SourceError, match="slow.pdf: was not read within 1 s"):
        asyncio.run(read_pdf(b"%PDF-" + b"x" * 1_000_000, name="slow.pdf", timeout=1))
    assert children() == before


@pytest.mark.usefixtures("slow_worker")
def test_cancelling_leaves_no_process() -> None:
    async def cancel() -> set[int]:
        task = asyncio.create_task(read_pdf(b"%PDF-" + b"x" * 1_000_000, name="slow.pdf"))
        while children() == before:
            await asyncio.sleep(0.02)
        started = children() - before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return started

    before = children()
    started = asyncio.run(cancel())
    assert started
    assert children() == before
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.abort()",
        "print('no JSON')",
        "print('[]')",
        "print('{}')",
        """print('{"pages": [1], "blank": [], "broken": []}')""",
        "import sys; sys.stdin.close()",
    ],
)
def test_a_dead_or_senseless_reader_is_an_error_with_the_name(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "worker.py"
    script.write_text(code)
    monkeypatch.setattr(pdf_module, "_WORKER", str(script))
    with pytest.raises(SourceError, match=r"^bad.pdf: "):
        asyncio.run(read_pdf(b"%PDF-" + b"x" * 1_000_000, name="bad.pdf"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the worker ends by its own clock")
def test_the_worker_dies_with_its_parent() -> None:
    worker = str(Path(pdf_module.__file__).with_name("pdf_worker.py"))
    parent_code = (
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-P', {worker!r}, '60', str(os.getpid())],"
        " stdout=subprocess.PIPE, start_new_session=True)\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    # Its standard input is ours and stays open, so that only the parent's death can end it.
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", parent_code], stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and _is_running(pid):
            time.sleep(0.05)
        assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@needs_real
def test_a_module_beside_the_documents_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "pypdfium2.py", "threading.py"):
        (tmp_path / name).write_text("open('executed', 'w')\nraise SystemExit")
    monkeypatch.chdir(tmp_path)
    document = read(REAL.resolve() / "format_parity/002.pdf")
    assert document.text
    assert not (tmp_path / "executed").exists()

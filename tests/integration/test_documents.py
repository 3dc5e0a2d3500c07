"""Real PDFs, and the files that hostile or careless people produce."""

import asyncio
from pathlib import Path

import pytest

from longagent.documents import Document, chunk, load
from longagent.documents.sentences import sentences
from longagent.documents.tokens import count_tokens

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
def test_page_numbers_stay_right_when_pages_are_empty() -> None:
    document = read(HOSTILE / "mixed_empty_pages.pdf")
    filled = [page.number for page in document.pages if document.page_text(page)]
    assert (len(document.pages), filled) == (4, [1, 4])
    assert document.page_at(document.text.index("Introduction")).number in filled
    assert document.warnings == ()  # they are blank, not scanned


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

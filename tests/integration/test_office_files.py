"""Office files as people have them, through the guarded process: real and awkward ones from the shared data."""

import asyncio
import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from longagent.documents import Document, load

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here")


def read(path: Path) -> Document:
    (document,) = asyncio.run(load([path])).documents
    return document


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("docx_incomplete_rows.docx", ["a | c | d", "e | d | f", "WTF?", "Format"]),
        (
            "docx_header_footer.docx",
            ["Main document", "Header: First header para", "Last header para", "Footer: para1"],
        ),
        ("docx_strict_ooxml.docx", ["Some text"]),
        ("docx_textbox.docx", ["＊ Sore throat", "A report must be submitted within 24 hours", "Student falls ill"]),
        ("docx_zip_slip.docx", ["hello world"]),
        # PowerPoint reads it, too; python-pptx does not.
        ("pptx_malformed.pptx", ["Test Slide"]),
    ],
)
def test_awkward_ones_are_read(name: str, texts: list[str]) -> None:
    text = read(DATA / "hostile" / name).text
    for expected in texts:
        assert text.count(expected) == 1, expected
    assert not Path("/tmp/evil_longdoc.txt").exists()


@pytest.mark.parametrize("story", ["000", "002"])
def test_a_word_document_has_the_text_of_its_plain_rendering(story: str) -> None:
    folder = DATA / "dev" / "docs" / "format_parity"
    plain, other = (words(read(folder / f"{story}.{suffix}").text) for suffix in ("txt", "docx"))
    assert SequenceMatcher(None, plain, other, autojunk=False).ratio() >= 0.99


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())

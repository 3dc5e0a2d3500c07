"""Stories in six formats agree, and nothing of web pages is read that is no text."""

import re
from difflib import SequenceMatcher
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from longagent.documents.document import Document
from longagent.documents.formats import READERS
from longagent.documents.sniff import sniff

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
    ("name", "not_text"),
    [
        ("html_prompt_injection.html", "IGNORE"),
        ("html_prompt_injection.html", "secret-script-text"),
        ("html_base64_image.html", "/9j/"),
        ("html_with_scripts.html", "function("),
        ("html_serp_440k.html", "function("),
        ("fake-html-cp1252.html", "\ufffd"),
        ("udhr_all_languages.txt", "\ufffd"),
        ("txt_cp1256_arabic.txt", "\ufffd"),
    ],
)
def test_what_is_no_text_is_left_out(name: str, not_text: str) -> None:
    assert not_text not in document(HOSTILE / name).text

"""Sentences of real PDFs, in other typography: found word for word, at the page they stand on."""

import asyncio
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from longagent.documents import Span, load
from longagent.documents.sentences import sentences
from longagent.evidence import find_quote
from longagent.evidence.normalize import normalize

REAL = Path(__file__).parents[2] / "../shared/data/dev/docs"
SENTENCES = 25
PARTED = re.compile(r"(?<=[a-z])-\n(?=[a-z])")

needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the dev documents are not beside the repository")


def in_other_typography(sentence: str, random: Random) -> Iterator[str]:
    """Yield a sentence as models and other readers write it."""
    line = " ".join(PARTED.sub("-", sentence).split())
    yield sentence
    yield " ".join(PARTED.sub("", sentence).split())
    yield line.replace("ffi", "ﬃ").replace("fi", "ﬁ").replace("fl", "ﬂ")
    yield line.replace("'", "’").replace(' "', " “").replace("–", "-").replace(" ", "\u00a0")
    yield unicodedata.normalize("NFD", line)
    yield unicodedata.normalize("NFKC", line)
    if words := [match.start() for match in re.finditer("[a-z]{8,}", line)]:
        at = random.choice(words) + 4
        yield f"{line[:at]}-\n{line[at:]}"
        yield f"{line[:at]}\u00ad{line[at:]}"


@needs_real
@pytest.mark.parametrize("name", sorted(str(path.relative_to(REAL)) for path in REAL.rglob("*.pdf")))
def test_a_sentence_is_found_at_its_page_whatever_its_typography(name: str) -> None:
    random = Random(name)
    document = asyncio.run(load([REAL / name])).documents[0]
    whole, everything = normalize(document.text).text, [Span(document, 0, len(document.text))]
    places = [(start, end) for start, end in sentences(document.text) if 40 < end - start < 400]
    random.shuffle(places)
    for start, end in places[:SENTENCES]:
        sentence = document.text[start:end]
        begun_before = document.text[:start].rstrip().endswith("-")
        if begun_before or whole.count(normalize(sentence.strip(" .,;:…")).text) != 1:
            continue
        for said in in_other_typography(sentence, random):
            found = find_quote(said, everything)
            assert found is not None, said
            assert found.status == "exact", said
            assert found.span.page == Span(document, start, end).page
            assert abs(found.span.start - start) < 8

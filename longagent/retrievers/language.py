"""Whether texts are in a language that an embedder was made for.

The one embedder that knows few languages knows English, so what is told apart is English and everything else: by the
share of small words ("the", "of", "which") among all. Of 103 English documents, filings full of tables among them, the
lowest share is 6 %; of five in Arabic, Chinese, Russian and Spanish the highest is 0.2 %. So wide a gap needs
no library.
"""

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    """the of and to that which with from by are were this these have has been its their be it or not they would about
    there what""".split()  # noqa: SIM905
)
"""Small words that hardly stand in other languages in Latin letters, as "in", "was", "a", "no" and "for" do."""
_LEAST = 0.03
_SEEN = 40
"""Texts that are looked at, spread over all."""
_FEW = 20
"""Words of which the share says nothing yet."""


def covers(languages: frozenset[str] | None, texts: Sequence[str]) -> bool:
    """Return whether texts, as a whole, are in one of some languages; `None`: of all, which texts always are."""
    if languages is None or languages - {"en"}:
        return True
    step = max(1, len(texts) // _SEEN)
    found = [word for text in texts[::step] for word in _WORD.findall(text.lower())]
    if sum(word.isascii() for word in found) < len(found) / 2:
        return False
    return len(found) < _FEW or sum(word in _ENGLISH for word in found) >= _LEAST * len(found)


def is_latin(query: str) -> bool:
    """Return whether a query is written in Latin letters; few words say no more about their language than that."""
    letters = [char for char in query if char.isalpha()]
    return sum(char < "\u0250" for char in letters) * 2 >= len(letters)

"""The passages a model put in quotation marks, and whether they stand in what it read."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from longagent.answer import Citation, Status
from longagent.documents.document import Span
from longagent.evidence.normalize import UNSPACED, Normalized, normalize
from longagent.evidence.words import STOP

SHORTEST = 12
"""Characters from which a passage in quotation marks is a quote; shorter ones are mostly terms and titles."""
SHORTEST_UNSPACED = 6
CLOSE = 0.85
"""Share of a quote that must stand in the source in one piece for `close`."""

_QUOTED = re.compile(
    r"\"([^\"\n]{3,})\"|“([^“”]{3,})”|„([^„“”]{3,})[“”]|«([^«»]{3,})»|「([^「」]{3,})」|『([^『』]{3,})』"
)
_EDGE = " \n\t.…,;:"
_NEGATIONS = frozenset(
    "no not never none nor neither without cannot nothing nobody hardly unless except".split()  # noqa: SIM905
)
_WORD = re.compile(r"\d+|[^\W\d_]+(?:['’]\w+)?")


class Found(NamedTuple):
    """A place where a quote stands."""

    span: Span
    status: Status


def quoted(reply: str) -> Iterator[str]:
    """Yield the passages in quotation marks that are long enough to be quotes, without the ellipses around them."""
    for match in _QUOTED.finditer(reply):
        passage = next(group for group in match.groups() if group).strip(_EDGE)
        shortest = SHORTEST_UNSPACED if re.search(f"[{UNSPACED}]", passage) else SHORTEST
        if len(passage) >= shortest:
            yield passage


def find_quote(said: str, spans: Sequence[Span]) -> Found | None:
    """Return where a quote stands in the text that was read: word for word up to typography, or else nearly so."""
    quote = normalize(said.strip(_EDGE))
    if not quote.text:
        return None
    forms = [(span, _normalized(span.text)) for span in spans]
    for span, form in forms:
        at = form.find(quote.text)
        if at >= 0:
            return Found(_source_span(span, form, at, at + len(quote.text)), "exact")
    for span, form in forms:
        close = _find_close(said.strip(_EDGE), quote, span, form)
        if close:
            return Found(close, "close")
    return None


def cite(said: str, spans: Sequence[Span]) -> Citation:
    """Return the checked citation of a quote from one or more spans that were read (at least one)."""
    found = find_quote(said, spans)
    if found:
        return citation(found.span, status=found.status, said=said)
    document = spans[0].document
    nowhere = dict.fromkeys(("page", "page_end", "start", "end", "quote"))
    return Citation(document=document.name, document_id=document.id, said=said, status="unverified", **nowhere)


def citation(span: Span, *, status: Status, said: str | None = None) -> Citation:
    """Turn a place into a citation."""
    return Citation(
        document=span.document.name,
        document_id=span.document.id,
        page=span.page,
        page_end=span.page_end,
        start=span.start,
        end=span.end,
        quote=span.text,
        said=said,
        status=status,
    )


@lru_cache(maxsize=64)
def _normalized(text: str) -> Normalized:
    return normalize(text)


def _source_span(span: Span, form: Normalized, start: int, end: int) -> Span:
    first, last = form.source(start, end)
    return Span(span.document, span.start + first, span.start + last)


def _find_close(said: str, quote: Normalized, span: Span, form: Normalized) -> Span | None:
    source = span.text
    for left, right, start, end in _shared_runs(quote.text, form.text):
        (said_start, said_end), (found_start, found_end) = quote.source(left, right), form.source(start, end)
        # What the quote has outside the run, against as much of the source on the same side.
        tail = len(said) - said_end
        head_ok = _same_facts(said[: _word_end(said, said_start)], source, found_start - said_start, found_start)
        tail_ok = _same_facts(said[_word_start(said, said_end) :], source, found_end, found_end + tail)
        if head_ok and tail_ok:
            return Span(span.document, span.start + found_start, span.start + found_end)
    return None


def _shared_runs(needle: str, text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield long runs that quote and text share: `(left, right)` in the quote, then `(start, end)` in the text.

    A run of 85 % of the quote must cover its middle 70 %, so an exact search for the middle finds every candidate.
    """
    slack = int(len(needle) * (1 - CLOSE))
    middle = needle[slack : len(needle) - slack]
    at = text.find(middle) if len(middle) >= SHORTEST_UNSPACED else -1
    while at >= 0:
        left, right, start, end = slack, len(needle) - slack, at, at + len(middle)
        while left > 0 and start > 0 and needle[left - 1] == text[start - 1]:
            left, start = left - 1, start - 1
        while right < len(needle) and end < len(text) and needle[right] == text[end]:
            right, end = right + 1, end + 1
        if right - left >= CLOSE * len(needle):
            yield left, right, start, end
        at = text.find(middle, at + 1)


def _same_facts(rest: str, source: str, start: int, end: int) -> bool:
    """Whether the part of a quote outside the shared run holds the same facts as the source has in its place."""
    start, end = _word_start(source, max(0, start)), _word_end(source, min(len(source), end))
    return _facts(rest) == _facts(source[start:end])


def _facts(text: str) -> set[str]:
    """Return what must not differ between a quote and its source: figures (so dates), capitalised words, negations."""
    return {word.casefold() for word in _WORD.findall(text) if _is_fact(word)}


def _is_fact(word: str) -> bool:
    folded = word.casefold().replace("’", "'")
    if folded in _NEGATIONS or folded.endswith("n't"):
        return True
    # "The" at the beginning of a sentence is no name.
    return word[0].isdigit() or (word[0].isupper() and folded not in STOP)


def _word_start(text: str, at: int) -> int:
    while at > 0 and not text[at - 1].isspace():
        at -= 1
    return at


def _word_end(text: str, at: int) -> int:
    while at < len(text) and not text[at].isspace():
        at += 1
    return at

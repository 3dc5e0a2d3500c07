"""The passages a model put in quotation marks, and whether they stand in what it read."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from longagent.answer import Citation, Status
from longagent.documents.document import Span
from longagent.documents.place import place
from longagent.evidence.characters import UNSPACED
from longagent.evidence.edges import cut_short
from longagent.evidence.facts import facts
from longagent.evidence.furniture import without_furniture
from longagent.evidence.normalize import Normalized, normalize

SHORTEST = 12
"""Characters from which a passage in quotation marks is a quote; shorter ones are mostly terms and titles."""
SHORTEST_UNSPACED = 6
CLOSE = 0.85
"""Share of a quote that must stand in the source in one piece for `close`."""

_QUOTED = re.compile(
    r"\"([^\"\n]{3,})\"|“([^“”]{3,})”|„([^„“”]{3,})[“”]|«([^«»]{3,})»|»([^«»]{3,})«|「([^「」]{3,})」|『([^『』]{3,})』"
    # Single ones are also apostrophes: they count where a word begins and where one ends.
    r"|(?<!\w)‘((?:[^‘’\n]|(?<=\w)’(?=\w)){3,})’(?!\w)|(?<![\w'])'((?:[^'\n]|(?<=\w)'(?=\w)){3,})'(?!\w)"
)
_EDGE = " \n\t.…,;:"
_LEADING = re.compile(r"(?:[ \n\t…,;:]|\.(?!\d))*")
_NEXT = 24
"""Characters after a quote in which the next word begins."""
_AROUND = " \n\t\"'“”‘’("
_UNSPACED = re.compile(f"[{UNSPACED}]")


class Found(NamedTuple):
    """A place where a quote stands."""

    span: Span
    status: Status


class Passage(NamedTuple):
    """A passage of a reply in quotation marks; its place is that of the marks."""

    text: str
    """Without the ellipses and stops around it."""
    start: int
    end: int


def passages(reply: str) -> Iterator[Passage]:
    """Yield the passages in quotation marks that are long enough to be quotes."""
    for match in _QUOTED.finditer(reply):
        text = _trimmed(next(group for group in match.groups() if group))
        if long_enough(text):
            yield Passage(text, match.start(), match.end())


def long_enough(text: str) -> bool:
    """Whether a text is too long to stand in a source by chance, or as a term."""
    letters = sum(map(str.isalnum, text))
    shortest = SHORTEST_UNSPACED if 2 * len(_UNSPACED.findall(text)) > letters else SHORTEST
    return len(text) >= shortest


def verbatim(said: str, text: str) -> bool:
    """Whether words stand in a text as they are, but for white space."""
    return " ".join(said.split()) in " ".join(text.split())


def quoted(reply: str) -> Iterator[str]:
    """Yield the words of `passages`."""
    return (passage.text for passage in passages(reply))


def find_quote(said: str, spans: Sequence[Span]) -> Found | None:
    """Return where a quote stands in the text that was read: word for word up to typography, or else nearly so."""
    said = _trimmed(said)
    quote = normalize(said)
    if not quote.text:
        return None
    read = _joined(spans)
    for span in read:
        if found := _find_exact(quote.text, span, _normalized(span.text)):
            return Found(found, "exact")
    for span in read:
        text = without_furniture(span)
        if text != span.text and (found := _find_exact(quote.text, span, _normalized(text))):
            return Found(found, "exact")
    for span in read:
        if found := _find_close(said, quote, span, _normalized(span.text)):
            return Found(found, "close")
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
        page_label=span.page_label,
        where=place(span),
    )


@lru_cache(maxsize=64)
def _normalized(text: str) -> Normalized:
    return normalize(text)


def _source_span(span: Span, form: Normalized, start: int, end: int) -> Span:
    first, last = form.source(start, end)
    return Span(span.document, span.start + first, span.start + last)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Join spans that overlap or follow each other: a quote may run from one passage into the next."""
    joined: list[Span] = []
    order = {span.document.id: index for index, span in reversed(list(enumerate(spans)))}
    for span in sorted(spans, key=lambda span: (order[span.document.id], span.start)):
        last = joined[-1] if joined else None
        if last and last.document.id == span.document.id and not span.document.text[last.end : span.start].strip():
            joined[-1] = last._replace(end=max(last.end, span.end))
        else:
            joined.append(span)
    return joined


def _find_exact(quote: str, span: Span, form: Normalized) -> Span | None:
    at = form.find(quote)
    while at >= 0 and _cut_short(span, form, at, at + len(quote)):
        at = form.find(quote, at + 1)
    return _source_span(span, form, at, at + len(quote)) if at >= 0 else None


def _find_close(said: str, quote: Normalized, span: Span, form: Normalized) -> Span | None:
    source = span.text
    for left, right, start, end in _shared_runs(quote.text, form.text):
        # What stands around the quote must not turn its meaning, nor what it has outside the run differ in its facts
        # from as much of the source on the same side.
        first, last = max(0, start - left), min(len(form.text), end + len(quote.text) - right)
        if _cut_short(span, form, first, last):
            continue
        (said_start, said_end), (found_start, found_end) = quote.source(left, right), form.source(start, end)
        tail = len(said) - said_end
        head_ok = _same_facts(said[: _word_end(said, said_start)], source, found_start - said_start, found_start)
        tail_ok = _same_facts(said[_word_start(said, said_end) :], source, found_end, found_end + tail)
        if head_ok and tail_ok:
            return Span(span.document, span.start + found_start, span.start + found_end)
    return None


def _cut_short(span: Span, form: Normalized, start: int, end: int) -> bool:
    """Whether what stands just outside a passage turns its meaning."""
    following = span.text[form.until[end - 1] :][:_NEXT] if end else ""
    word = following.lstrip(_AROUND)
    gap = following[: len(following) - len(word)]
    row = gap.count("\n") > 1 or (word[:1].isdigit() and "\n" in gap)
    capital = word[:1].isupper() and not word[:2].isupper()
    return cut_short(form.text, start, end, sentence=capital, row=row)


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
    return facts(rest) == facts(source[start:end])


def _trimmed(said: str) -> str:
    """Strip what surrounds a quote; the point of ".5" is part of it."""
    return said[_LEADING.match(said).end() :].rstrip(_EDGE)  # type: ignore[union-attr]


def _word_start(text: str, at: int) -> int:
    while at > 0 and not text[at - 1].isspace():
        at -= 1
    return at


def _word_end(text: str, at: int) -> int:
    while at < len(text) and not text[at].isspace():
        at += 1
    return at

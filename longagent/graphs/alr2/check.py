"""Whether copied sentences stand in the source, and where: the verifier's own rules, and no model."""

from collections.abc import Sequence
from typing import NamedTuple

from longagent.agents.alr2.copied import says_none
from longagent.documents import Span
from longagent.documents.sentences import sentences
from longagent.evidence import find_quote
from longagent.evidence.ground import REACH
from longagent.evidence.quotes import long_enough, verbatim
from longagent.evidence.trace import trace


class Checked(NamedTuple):
    """A copied sentence, checked."""

    said: str
    places: tuple[Span, ...]
    """The sentences of the source in which it stands; none where it does not."""
    verbatim: bool
    """Whether it stands there as it is, but for white space."""


def check(said: Sequence[str], spans: Sequence[Span], *, known: Sequence[Span] = ()) -> list[Checked]:
    """Look for copied sentences in the text that was read.

    What does not stand there as a whole is looked for sentence by sentence: some copy sentences that stand apart into
    one line. What says that there is nothing to copy, or repeats sentences that are known, is left out.

    Args:
        said: as the model wrote them.
        spans: what it read.
        known: sentences of the source that it was shown beside that.
    """
    whole = _sentences(spans)
    already = {(span.document.id, span.start) for span in known}
    checked: list[Checked] = []
    for item in said:
        found = _find(item, spans, whole)
        parts = [] if found.places else [item[start:end] for start, end in sentences(item)]
        checked += [found] if len(parts) < 2 else [_find(part, spans, whole) for part in parts]
    return [each for each in checked if not _is_repeated(each, already, known) and not _says_nothing(each)]


def carried_by(question: str, answer: str, span: Span) -> list[Span]:
    """Return the sentences of a passage that carry an answer to the question, with their neighbours; none if none do.

    For models that answer where they are asked to copy.
    """
    traced = trace(question, answer, [span])
    if not traced.grounded:
        return []
    found = [(place.start, place.end) for place in traced.citations]
    whole = _sentences([span])
    near = set[int]()
    for index, place in enumerate(whole):
        if any(start is not None and end is not None and _meets(place, start, end) for start, end in found):
            # Without these it may no longer be told that the sentence is about the question.
            near.update(range(max(0, index - REACH), min(len(whole), index + REACH + 1)))
    return [whole[index] for index in sorted(near)]


def _sentences(spans: Sequence[Span]) -> list[Span]:
    return [
        Span(span.document, span.start + start, span.start + end)
        for span in spans
        for start, end in sentences(span.text)
    ]


def _find(said: str, spans: Sequence[Span], whole: Sequence[Span]) -> Checked:
    found = find_quote(said, spans)
    if found is None:
        return Checked(said, (), verbatim=False)
    at = found.span
    places = tuple(p for p in whole if p.document.id == at.document.id and _meets(p, at.start, at.end))
    # "1907." stands in many sentences, and means none of them.
    if not long_enough(said) and 2 * len(at.text) < sum(len(place.text) for place in places):
        return Checked(said, (), verbatim=False)
    around = at._replace(start=min(at.start, places[0].start), end=max(at.end, places[-1].end)) if places else at
    return Checked(said, places, verbatim=found.status == "exact" and verbatim(said, around.text))


def _meets(place: Span, start: int, end: int) -> bool:
    return place.start < end and start < place.end


def _is_repeated(each: Checked, already: set[tuple[str, int]], known: Sequence[Span]) -> bool:
    """Whether a sentence is none but those that were shown."""
    if each.places:
        return all((place.document.id, place.start) in already for place in each.places)
    return bool(known) and find_quote(each.said, known) is not None


def _says_nothing(each: Checked) -> bool:
    # "The price was not disclosed." is evidence where the source says so.
    return not each.places and says_none(each.said)

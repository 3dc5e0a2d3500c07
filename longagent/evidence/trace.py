"""From a model's reply to checked citations, and to the verdict whether what it read carries the reply."""

from collections.abc import Sequence
from dataclasses import dataclass

from longagent.answer import Citation
from longagent.documents.document import Span
from longagent.documents.sentences import sentences
from longagent.evidence.ground import ungrounded
from longagent.evidence.locate import Evidence, locate
from longagent.evidence.normalize import normalize
from longagent.evidence.quotes import Passage, citation, cite, passages
from longagent.evidence.words import words

MOST_LOCATED = 3
"""Sentences cited for one answer, beside its quotes, where it does not matter that each of its own is cited."""


@dataclass(frozen=True, slots=True)
class Traced:
    """Where an answer stands in what was read, and whether it does."""

    citations: tuple[Citation, ...]
    """Verified quotes, then located sentences, then quotes that were not found."""
    grounded: bool
    """Whether the sentences around the citations carry the answer and fit the question."""
    reason: str
    """Why it is not grounded, in a few words for people; empty when it is."""


def trace(question: str, reply: str, spans: Sequence[Span], *, most: int = MOST_LOCATED) -> Traced:
    """Trace an answer, and the quotes in it, to the exact places in the text that was read.

    Args:
        question: What was asked.
        reply: The model's answer in words. A refusal is not for here; see `is_abstention`.
        spans: Everything the answer may rest on, such as the chunks the model read.
        most: Sentences that are cited, beside its quotes.
    """
    quotes = [cite(passage.text, spans) for passage in quotes_in(reply, question)] if spans else []
    evidence = Evidence.of(spans)
    asked = words(question)
    claims = [reply[start:end] for start, end in sentences(reply)]
    found = (locate(claim, asked, evidence) for claim in claims)
    places = list(dict.fromkeys(place for place in found if place is not None))[:most]
    located = [citation(evidence.sentences[place].span, status="located") for place in places]
    located = [place for place in located if not any(_overlap(place, quote) for quote in quotes)]
    reason = ungrounded(question, reply, evidence, places)
    verified = [quote for quote in quotes if quote.status != "unverified"]
    return Traced(
        (*verified, *located, *(quote for quote in quotes if quote.status == "unverified")), not reason, reason
    )


def quotes_in(reply: str, question: str) -> list[Passage]:
    """Return the passages that claim to be the document's words; the question's own in quotation marks don't."""
    asked = normalize(question).text
    return [passage for passage in passages(reply) if normalize(passage.text).text not in asked]


def _overlap(one: Citation, other: Citation) -> bool:
    if one.document_id != other.document_id or one.start is None or one.end is None:
        return False
    return other.start is not None and other.end is not None and one.start < other.end and other.start < one.end

"""What stays of an answer when everything unverified is taken out of it. Sentences go as a whole; none is reworded."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from longagent.documents.document import Span
from longagent.documents.sentences import sentences
from longagent.evidence.ground import misfit, missing_number, new_words, uncarried, unread
from longagent.evidence.locate import Evidence, locate
from longagent.evidence.negation import clauses, denies
from longagent.evidence.normalize import normalize
from longagent.evidence.quotes import Passage, find_quote
from longagent.evidence.trace import quotes_in
from longagent.evidence.words import keys, words

_ENDED = re.compile(r"[.!?:…。！？｡؟۔।॥][\"'”’»)\]」』*_]*\s*$")
_ITEM = re.compile(r"\s*(?:[•●▪■◦‣∙·*–-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s")
# What such a sentence speaks of, or argues against, stands in the one before it.
_LEANS = re.compile(
    r"\W*(?:he|she|it|they|this|that|these|those|his|her|hers|its|their|theirs|him|them|such|both|neither|either|one"
    r"|so|thus|therefore|hence|then|but|however|yet|still|instead|otherwise|nevertheless|also|and|or|nor|as a result"
    r"|for this reason|the (?:former|latter|same|other|others|second|rest))\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"\W*(?:yes|no)\b[\s,.;:!–—-]*", re.IGNORECASE)
_POLAR = re.compile(
    r"\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)\b",
    re.IGNORECASE,
)
_TALK = frozenset(
    """according accordingly answer based below certainly detail fact find finding follow following given here
    information key list main point provided question report say state stated summary summarize sure text""".split()  # noqa: SIM905
)
"""Words of sentences that only lead to others ("Here is what the report says:"), as keys."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays of an answer."""

    text: str | None
    """`None` if nothing of substance is left."""
    removed: int
    """Sentences that were taken out."""
    total: int
    """Sentences that said something."""
    reason: str
    """Why, of the first that was taken out or of the whole, in a few words for people; empty if all stays."""


@dataclass(slots=True)
class _Unit:
    """A sentence, or several that share a quote."""

    start: int
    end: int
    text: str
    talk: bool = False
    """Whether it says nothing itself."""
    reason: str = ""
    """Why it has to go."""


def keep_verified(
    question: str, reply: str, spans: Sequence[Span], *, overall: bool = False, fitting: bool = False
) -> Kept:
    """Take out of an answer what does not stand in the text that was read.

    A sentence goes if a quote in it does not stand there, if no place carries its words, numbers and names, or if only
    one of the two denies it; and with it those that lean on it.

    Args:
        question: What was asked.
        reply: The answer, no refusal.
        spans: Everything it may rest on.
        overall: Whether it is about the whole, as a summary is: no single place carries its sentences, so only their
            quotes, numbers and names are looked for, anywhere in what was read.
        fitting: Whether what carries the answer must also be about the question, for models that answer anything.
    """
    evidence = Evidence.of(spans)
    quotes = quotes_in(reply, question)
    false = [quote for quote in quotes if find_quote(quote.text, spans) is None]
    units = _units(reply, quotes)
    for unit in units:
        unit.talk = _only_talks(question, unit.text)
        if _holds(unit, false):
            unit.talk, unit.reason = False, "a quote in it does not stand in what was read"
        elif not unit.talk:
            unit.reason = unread(unit.text, evidence) if overall else _objection(question, unit.text, evidence)
    _take_along(units)
    saying = [unit for unit in units if not unit.talk]
    removed = [unit for unit in saying if unit.reason]
    left = [unit for unit in saying if not unit.reason]
    # Where nothing has to go, also the talk around it may stay.
    text = reply if left and not removed else _joined(reply, left)
    reason = removed[0].reason if removed else "" if left else "it says nothing"
    if removed and _is_bare(question, text):
        text = ""
    if text and not overall:
        places = _places(question, [unit.text for unit in left], evidence)
        refusal = missing_number(question, evidence) or (misfit(question, evidence, places) if fitting else "")
        text, reason = ("", refusal) if refusal else (text, reason)
    return Kept(text or None, len(removed), len(saying), reason)


def _units(reply: str, quotes: Sequence[Passage]) -> list[_Unit]:
    """Cut an answer into what can be taken out by itself."""
    units: list[_Unit] = []
    for start, end in sentences(reply):
        last = units[-1] if units else None
        # A quote is not torn; nor a sentence that was cut because it is long, or from the marks that follow it.
        if last and (
            not any(map(str.isalnum, reply[start:end]))
            or any(quote.start < start < quote.end for quote in quotes)
            or not (_ENDED.search(last.text) or "\n" in reply[last.end : start])
        ):
            last.end, last.text = end, reply[last.start : end]
        else:
            units.append(_Unit(start, end, reply[start:end]))
    return units


def _holds(unit: _Unit, quotes: Iterable[Passage]) -> bool:
    return any(quote.start < unit.end and quote.end > unit.start for quote in quotes)


def _only_talks(question: str, text: str) -> bool:
    """Whether a sentence claims nothing: it leads to others, or repeats a question that is not for yes or no."""
    if _YES_NO.match(text) or denies(normalize(text).text):
        return False
    if all(key in _TALK for key in keys(text)):
        return True
    return not _POLAR.match(question) and not {word.key for word in new_words(question, text)} - _TALK


def _objection(question: str, claim: str, evidence: Evidence) -> str:
    """Return why a sentence is not verified; empty when it is."""
    places = _places(question, [claim], evidence)
    if reason := uncarried(question, claim, evidence, places):
        return reason
    bare = _YES_NO.sub("", claim, count=1)
    said = {key for word in new_words("", bare) for key in (word.key, *word.parts)}
    if not said:
        return ""
    source = normalize(evidence.sentences[places[0]].span.text).text
    # Only where it speaks of the same: "The plant, which pays no tax, was built in 1907."
    denied = any(denies(part) for part in clauses(source) if not said.isdisjoint(keys(part)))
    if denied != denies(normalize(bare).text):
        return "the place that fits best denies it" if denied else "it denies what the place that fits best says"
    return ""


def _places(question: str, claims: Sequence[str], evidence: Evidence) -> list[int]:
    asked = words(question)
    found = (locate(claim, asked, evidence) for claim in claims)
    return list(dict.fromkeys(place for place in found if place is not None))


def _take_along(units: Sequence[_Unit]) -> None:
    """Let go what leans on a sentence that goes, what such a sentence leads to, and what leads to nothing."""
    for index, unit in enumerate(units):
        before = units[index - 1] if index else None
        if before and before.reason and not unit.reason and _LEANS.match(_ITEM.sub("", unit.text)):
            unit.reason = "it leans on a sentence that was removed"
        if unit.talk or not unit.text.rstrip("*_ ").endswith(":"):
            continue
        led = _led_by(units, index)
        if unit.reason:
            for item in led:
                item.reason = item.reason or "it leans on a sentence that was removed"
        elif led and all(item.reason for item in led):
            unit.reason = "all that it leads to was removed"


def _led_by(units: Sequence[_Unit], index: int) -> list[_Unit]:
    """Return the items of a list after a sentence that ends in a colon; without a list, the next sentence."""
    items = []
    for unit in units[index + 1 :]:
        if not _ITEM.match(unit.text):
            break
        items.append(unit)
    return items or list(units[index + 1 : index + 2])


def _joined(reply: str, units: Sequence[_Unit]) -> str:
    """Return units with the white space that followed each."""
    parts = []
    for unit in units:
        rest = reply[unit.end :]
        parts.append(unit.text + rest[: len(rest) - len(rest.lstrip())])
    return "".join(parts).strip()


def _is_bare(question: str, text: str) -> bool:
    """Whether what is left is a yes or no without its reasons, or the question."""
    return not new_words(question, _YES_NO.sub("", text, count=1))

"""A reader that makes things up: what it does not find in its prompt it invents, with a given probability."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import NamedTuple

from longagent.documents.sentences import sentences
from longagent.evidence.words import keys
from longagent.llm.model import Message
from longagent.testing.models import ScriptedModel
from longagent.testing.readers import Read, closest_sentence, read_prompt

_ASKS = re.compile(r"(?:what|which|who) (?:is|was|were|are|did) (.+?)\s*\?*", re.IGNORECASE | re.DOTALL)
_LINE = re.compile(r"^(?:\d+\.|-) (.+)$", re.MULTILINE)
"""An answer before a leader, a sentence before who reasons."""
_PLACES = re.compile(r" \[(chunk \d[^\n]*)\]$")
_SURENESS = re.compile(r"^Confidence: (\d)|^\[\w+ \d+, confidence (\d)[^\n]*\]$", re.MULTILINE)
_NOTE = re.compile(r"^\[(?:result|summary)[^\n]*\b([0-9a-f]{8})\]\n.*?\n\[end \1\]$", re.MULTILINE | re.DOTALL)
_READ = 5
"""How sure it is of what it read."""


class _Known(NamedTuple):
    """What a reply is made of."""

    value: str
    sentence: str
    sure: int = _READ


class _Heard(NamedTuple):
    """What others say, as a prompt shows it."""

    value: str
    voices: int
    sure: int


class NoisyReader(ScriptedModel):
    """A reader that knows only its prompt, and invents an answer with probability `p` where the prompt holds none.

    *Reading.* A text holds the fact if one of its sentences has all content words of the question and a value of the
    form asked for: then it answers from that sentence, unless `misses` says otherwise. Of several such values it takes
    the most frequent, of equals the first.

    *Inventing.* Otherwise it draws, by seed, question and what the prompt holds, whether to invent: with probability
    `p` it answers as if it had read a sentence that says so, with one of `pool` values, all as likely, or else refuses.
    So a text read again is answered alike, two texts independently, in any order of calls and under any strategy, and
    what is invented at a lower `p` is among what is at a higher one. An invention is worded as what was read is, and
    where a role asks how sure it is, it is `sureness` sure, by default as sure as if it had read it. It never answers
    with, or copies, a sentence that stands in its text and is about something else.

    *Weighing.* Who sees only what others say cannot know which of them read it: it takes the value that most chunks
    give, of equals the first; of results with a confidence, among those with the highest; of copied sentences, among
    those that are not marked as not found, if there are any. A leader passes the question on, finds no aliases, and has
    contradictions settled (`CONFLICT`), as its prompt says; without any, it answers.

    Plays merge, rag, map-reduce, hierarchical, long-agent and alr2; it replies to others as `closest_sentence` does.

    Args:
        p: probability to invent, from 0 to 1.
        seed: of its inventions.
        pool: how many values it invents; the smaller, the more inventions agree by chance.
        form: of values; each `#` is a digit.
        sureness: from 0 to 5, of inventions.
        misses: probability to overlook the fact in passages that hold it, drawn as inventions are.
        window: see `ScriptedModel`.
        reading_tokens: see `Profile`.

    Raises:
        ValueError: the form has not so many values, or `p` or `misses` is no probability.
    """

    name = "noisy-reader"

    def __init__(
        self,
        p: float,
        *,
        seed: int = 0,
        pool: int = 1000,
        form: str = "#,### crowns",
        sureness: int = _READ,
        misses: float = 0.0,
        window: int = 8192,
        reading_tokens: int | None = None,
    ) -> None:
        super().__init__(lambda request: self.say(request.messages), window=window, reading_tokens=reading_tokens)
        digits = form.count("#")
        if not (0 <= p <= 1 and 0 <= misses <= 1):
            raise ValueError(f"p and misses are probabilities, not {p} and {misses}")
        if not digits or not 0 < pool <= 9 * 10 ** (digits - 1):
            raise ValueError(f"there are not {pool} values of the form {form!r}")
        self._p, self._misses, self._sureness = p, misses, sureness
        self._seed, self._pool, self._form = seed, pool, form
        self._value = re.compile(r"(?<!\w)" + re.escape(form).replace(r"\#", r"\d") + r"(?!\w)")

    def inventions(self, question: str) -> list[str]:
        """Return the values it may invent for a question."""
        return [*_pool(self._seed, question, self._pool, self._form)]

    def say(self, messages: Sequence[Message]) -> str:
        """Reply."""
        read = read_prompt(messages)
        if read is None:
            return "Not found."
        role = read.name.rpartition("/")[2]
        if read.name in {"long_agent/instruct", "long_agent/aliases"}:
            return closest_sentence(messages)
        if "history" in read.slots:
            return self._lead(read, role)
        if role in {"retrieve", "retrieve_again"}:
            return self._copy(read)
        running = {"memory", "summary", "summaries"} & read.slots.keys()
        if running or not {"passages", "notes", "evidence"} & read.slots.keys():
            return closest_sentence(messages)
        return _worded(role, self._known(read))

    def _lead(self, read: Read, role: str) -> str:
        heard = self._heard(read)
        if role == "decide" and len({one.value for one in heard}) > 1:
            return "Action: CONFLICT"
        known = self._known(read)
        if role == "decide":
            return f"Action: ANSWER\nAnswer: {known.value if known else 'Not found.'}"
        return known.sentence if known else "Not found."

    def _copy(self, read: Read) -> str:
        facts = self._facts(read) or [known for known in [self._invent(read)] if known]
        return "\n".join(f"- {fact.sentence}" for fact in facts) or "none"

    def _known(self, read: Read) -> _Known | None:
        """Return what it answers: read, heard, or invented; `None` where it refuses."""
        facts = self._facts(read)
        heard = [_Heard(fact.value, 1, fact.sure) for fact in facts] + self._heard(read)
        most = max((one.sure for one in heard), default=0)
        votes = Counter[str]()
        for one in heard:
            votes[one.value] += one.voices if one.sure == most else 0
        if not votes:
            return self._invent(read)
        value = max(votes, key=lambda each: votes[each])
        said = next((fact.sentence for fact in facts if fact.value == value), _statement(read.question, value))
        return _Known(value, said, most)

    def _facts(self, read: Read) -> list[_Known]:
        """Return what passages, or sentences copied from them, say about the question."""
        passages = read.passages() if read.slots.get("passages") else []
        found = self._saying(read.question, passages)
        if found and self._random("misses", read).random() < self._misses:
            found = []
        copied = _LINE.findall(read.slots.get("evidence", "")) if "retrieve" not in read.name else []
        unmarked = [line for line in copied if not line.startswith("(not found")]
        return found + self._saying(read.question, unmarked or copied)

    def _saying(self, question: str, texts: Sequence[str]) -> list[_Known]:
        asked, found = frozenset(keys(question)), []
        for said, words in (each for text in texts for each in _sentences(text)):
            if (value := self._value.search(said)) and asked <= words:
                found.append(_Known(value.group(), said))
        return found

    def _heard(self, read: Read) -> list[_Heard]:
        """Return what others say: answers before a leader, notes."""
        notes = [note.group() for note in _NOTE.finditer(read.slots.get("notes", ""))]
        lines = _LINE.findall(read.slots.get("history", ""))
        heard = []
        for text in [*notes, *lines]:
            places, sure = _PLACES.search(text), _SURENESS.search(text)
            said = text[: places.start()] if places else text
            if value := self._value.search(said):
                sureness = int(sure[1] or sure[2]) if sure else _READ
                heard.append(_Heard(value.group(), _voices(places[1]) if places else 1, sureness))
        return heard

    def _invent(self, read: Read) -> _Known | None:
        random = self._random("inventions", read)
        if random.random() >= self._p:
            return None
        value = random.choice(self.inventions(read.question))
        return _Known(value, _statement(read.question, value), self._sureness)

    def _random(self, what: str, read: Read) -> Random:
        # Not by role, so that a text leads to the same under any strategy; and without tags, which differ by process.
        texts = [text for slot in ("passages", "notes", "evidence", "history") for text in read.passages(slot)]
        return Random(repr((self._seed, what, read.question, texts)))  # noqa: S311 - nothing secret


@lru_cache(maxsize=64)
def _pool(seed: int, question: str, pool: int, form: str) -> tuple[str, ...]:
    least = 10 ** (form.count("#") - 1)
    drawn = Random(f"{seed} {question}").sample(range(least, 10 * least), pool)  # noqa: S311 - nothing secret
    return tuple(_written(number, form) for number in drawn)


def _written(number: int, form: str) -> str:
    digits = iter(str(number))
    return "".join(next(digits) if char == "#" else char for char in form)


def _worded(role: str, known: _Known | None) -> str:
    """Return a reply in the form a role asks for."""
    match role:
        case "member":
            return (
                f"Notes: {known.sentence}\nAnswer: {known.value}"
                if known
                else "Notes: Nothing about this.\nAnswer: Not found."
            )
        case "map" | "collapse" if known:
            said = f"Information: {known.sentence}\nRationale: The text says so."
            return f"{said}\nAnswer: {known.value}\nConfidence: {known.sure}"
        case "map":
            return "Information: Not found.\nConfidence: 0"
        case "worker":
            return f"Useful: yes\nSummary: {known.sentence}" if known else "Useful: no"
        case _:
            return known.sentence if known else "Not found."


def _voices(places: str) -> int:
    """Return how many chunks say what a leader is shown."""
    more = re.search(r"and (\d+) more", places)
    return len(re.findall(r"chunk \d+", places)) + (int(more[1]) if more else 0)


def _statement(question: str, value: str) -> str:
    """Return a sentence that would answer a question."""
    asks = _ASKS.fullmatch(question.strip())
    subject = asks[1] if asks else question.strip(" ?")
    return f"{subject[:1].upper()}{subject[1:]} was {value}."


@lru_cache(maxsize=4096)
def _sentences(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the sentences of a passage with their content words; strategies have the same passage read."""
    said = (text[start:end] for start, end in sentences(text))
    return tuple((each, frozenset(keys(each))) for each in said)

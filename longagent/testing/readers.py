"""Readers without a model: they know only their prompt, and reply with the sentences that are closest to its question.

What a prompt holds is found by matching it against the project's own prompt files, so that a reader keeps working when
their wording changes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from longagent.agents.prompt import Prompt
from longagent.documents.sentences import sentences
from longagent.evidence.words import keys
from longagent.llm.model import Message

_DELIMITED = re.compile(r"^\[(\w+)[^\n]*\b([0-9a-f]{8})\]\n(.*?)\n\[end \2\]$", re.MULTILINE | re.DOTALL)
_PASSAGES = r"(?:\s*\[passage [^\n]*\n.*?\n\[end [0-9a-f]{8}\])*"
_BULLET = re.compile(r"^- ", re.MULTILINE)
_SLOT = re.compile(r"\{([a-z_]+)\}")

_KEPT = 6
"""Sentences in a unit."""

_RUNNING = {"chain_of_agents": "summary", "mem_agent": "memory"}
"""By the folder of a prompt, the slot with what is rewritten from chunk to chunk."""

NOTHING = "Nothing found yet."
"""What a reader of a chain passes on when it has found nothing."""


class Read(NamedTuple):
    """What a prompt holds."""

    name: str
    """Of the prompt file, such as `answering/from_passages`."""
    slots: Mapping[str, str]
    """What its slots were filled with."""

    @property
    def question(self) -> str:
        """The question; empty in prompts without one."""
        return self.passages("question")[0]

    def passages(self, slot: str = "passages") -> list[str]:
        """Return the texts of the delimited passages that stand in a slot; all of it when nothing is delimited."""
        text = self.slots.get(slot, "")
        return [found[2] for found in _DELIMITED.findall(text)] or [text]


def read_prompt(messages: Sequence[Message]) -> Read | None:
    """Return what a prompt of ours holds; `None` when it was not made from any of our prompt files."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    user = "\n\n".join(message["content"] for message in messages if message["role"] == "user")
    for name, template in _templates():
        # Models without a system role get both in one message.
        if match := template.fullmatch(f"{system}\n\n{user}".strip()):
            return Read(name, match.groupdict())
    return None


def closest_sentence(messages: Sequence[Message]) -> str:
    """Return the sentence of the prompt's passages, or notes, that shares most content words with its question.

    "Not found." when no sentence shares half of them. Serves `SimulatedServer` as a reply, too.
    """
    read = read_prompt(messages)
    if read is None:
        return "Not found."
    if read.name.startswith("alr2/reason"):
        return _closest(read.question, [_BULLET.sub("", text) for text in read.passages("evidence")])
    return _closest(read.question, read.passages("notes" if "notes" in read.slots else "passages"))


def chain_reader(messages: Sequence[Message]) -> str:
    """Reply as an ideal reader of Chain-of-Agents or MemAgent would, and as `closest_sentence` to all other prompts.

    A worker passes on the best sentences of the unit that came in and of its passage, in their order; without a
    question each passage's first. A manager or judge answers with the closest sentence of what the workers passed on.
    Who updates a memory does as a worker, and who answers from it as a manager.
    """
    read = read_prompt(messages)
    running = _RUNNING.get(read.name.partition("/")[0]) if read else None
    if read is None or running is None:
        return closest_sentence(messages)
    if "passages" in read.slots:
        return _unit(read, running)
    slot = "summaries" if "summaries" in read.slots else running
    units = read.passages(slot)
    if read.name.endswith("/judge"):
        scores = [_score(set(keys(read.question)), unit) for unit in units]
        return f"Choice: {scores.index(max(scores)) + 1}\nAnswer: {_closest(read.question, units)}"
    return " ".join(units) if read.name.endswith(("_summary", "_code")) else _closest(read.question, units)


def _unit(read: Read, running: str) -> str:
    """Return the unit a worker passes on."""
    asked = set(keys(read.question))
    earlier = _sentences(read.passages(running)) if _DELIMITED.search(read.slots.get(running, "")) else []
    found = [text for text in dict.fromkeys([*earlier, *_additions(asked, read.passages())]) if text != NOTHING]
    if not asked:
        return " ".join(found[-_KEPT:]) or NOTHING
    best = sorted(found, key=lambda text: _score(asked, text), reverse=True)[:_KEPT]
    return " ".join(text for text in found if text in best) or NOTHING


def _additions(asked: set[str], passages: Sequence[str]) -> list[str]:
    """Return the sentences of a passage worth passing on."""
    texts = _sentences(passages)
    if not asked:
        return texts[:1]
    most = max((_score(asked, text) for text in texts), default=0)
    # A word shared with the question alone is chance; two may be half of an answer.
    return [text for text in texts if _score(asked, text) == most] if most >= min(2, len(asked)) else []


def _closest(question: str, passages: Sequence[str]) -> str:
    asked = set(keys(question))
    best = max(_sentences(passages), key=lambda text: _score(asked, text), default="")
    return best if _score(asked, best) * 2 >= len(asked) > 0 else "Not found."


def _score(asked: set[str], text: str) -> int:
    return len(asked & set(keys(text)))


def _sentences(passages: Sequence[str]) -> list[str]:
    return [text[start:end] for text in passages for start, end in sentences(text)]


@cache
def _templates() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return all prompts as patterns whose groups are their slots; those with most words of their own first."""
    names = sorted(_prompt_names(files("longagent.agents"), ""))
    prompts = sorted(map(Prompt.load, names), key=lambda prompt: len(_SLOT.sub("", prompt.user)), reverse=True)
    return tuple((prompt.name, _pattern(prompt)) for prompt in prompts)


def _prompt_names(folder: Traversable, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _prompt_names(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".md"):
            yield prefix + entry.name.removesuffix(".md")


def _pattern(prompt: Prompt) -> re.Pattern[str]:
    pieces, seen = [], set[str]()
    for at, piece in enumerate(_SLOT.split(f"{prompt.system}\n\n{prompt.user}")):
        if at % 2 == 0:
            # An empty slot takes white space along: that after it where a message begins, that before where one ends.
            after_first = at == 2 and prompt.user.startswith("{")
            text = piece.rstrip()
            end = piece[len(text) :]
            pieces.append(r"\s*" + re.escape(text.lstrip()) if after_first else re.escape(text))
            pieces.append(f"(?:{re.escape(end)}|\\Z)" if end else "")
        else:
            pieces.append(
                f"(?P={piece})" if piece in seen else f"(?P<{piece}>{_PASSAGES if piece == 'passages' else '.*?'})"
            )
            seen.add(piece)
    return re.compile("".join(pieces), re.DOTALL)

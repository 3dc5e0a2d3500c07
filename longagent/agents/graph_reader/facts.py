"""The role that reads the atomic facts of a passage, with their key elements."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from longagent.agents.agent import Agent
from longagent.agents.lines import is_reply, without_delimiters
from longagent.errors import ReplyError


class Told(NamedTuple):
    """A fact as a model tells it."""

    text: str
    elements: tuple[str, ...]
    """As written; none where it named none."""


_NONE = frozenset({"none", "no facts", "no fact", "no atomic facts", "there are no facts"})
_BEGINS = re.compile(
    r"[ \t]*[|*_]{0,3}[ \t]*(?:(?:(?:atomic )?fact[ \t]*)?\(?\d{1,4}[.):]+[*_.):]{0,3}(?=\s)"
    r"|(?:atomic )?fact[ \t]*\d{1,4}\b[*_.:]*"
    r"|(?<=\|)[ \t]*\d{1,4}[.):]?[ \t]*\|)[ \t]*",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[ \t]*[-*•–+][ \t]+(?=\S)")
_RULE = re.compile(r"[\s|:*_=#`~-]*")
_HEADER = re.compile(r"\W*(?:(?:no|nr|number|#)\W+)?(?:atomic )?facts?\s*\|\s*(?:key )?elements?\b.*", re.IGNORECASE)
_FACT = re.compile(r"^[*_]{0,2}(?:atomic )?fact[*_]{0,2}\s*:[*_]{0,2}\s*", re.IGNORECASE)
# "(key elements: a, b)" and "Key elements: a, b", instead of a bar.
_ELEMENTS = re.compile(r"\s*[|(\[–—-]*\s*[*_]{0,2}\b(?:key )?elements?\b[*_]{0,2}\s*:\s*", re.IGNORECASE)
_LIST = re.compile(r"\s*[;,、，；]\s+|[、，；]")
_MARKS = " \t*_`\"'[]()"


def read_facts(reply: str) -> tuple[Told, ...]:
    """Read numbered facts, one to a line, each with its key elements after bars.

    Lines may be bullets or rows of a table, run on over the next line, name their elements in one field with commas,
    or under "Key elements:". A numbered fact may do without elements. Text around the list is passed over.

    Raises:
        ReplyError: there is no such line.
    """
    if is_reply(reply, _NONE):
        return ()
    told = dict.fromkeys(found for item in _items(without_delimiters(reply)) if (found := _told(item)).text)
    if not told:
        raise ReplyError("it has no line with a number, a fact and its key elements after bars.")
    return tuple(told)


def _items(reply: str) -> Iterator[str]:
    """Yield the entries of a list, each on one line."""
    lines = [line.replace("｜", "|").replace("¦", "|") for line in reply.splitlines()]
    lines = [line for line in lines if not _HEADER.fullmatch(line) and not (line.strip() and _RULE.fullmatch(line))]
    # Of a list with numbers, bullets within an entry are its elements.
    begins = next((mark for mark in (_BEGINS, _BULLET) if any(map(mark.match, lines))), None)
    item, ended = "", False
    for line in lines:
        if not line.strip():
            ended = True
            continue
        mark = begins.match(line) if begins else None
        if mark or (begins is None and "|" in line):
            yield item
            item, ended = line[mark.end() if mark else 0 :], False
        elif item and _ELEMENTS.match(_BULLET.sub("", line)):
            item += f" | {_ELEMENTS.sub('', _BULLET.sub('', line), count=1)}"
        elif item and (bullet := _BULLET.match(line)):
            item += f" | {line[bullet.end() :]}"
        elif item and not ended:
            # What follows a blank line is no fact: "I hope this helps!"
            item += f" {line.strip()}"
    yield item


def _told(item: str) -> Told:
    text = _ELEMENTS.sub(" | ", _FACT.sub("", item.strip(" \t|")), count=1)
    fact, *fields = (field.strip(_MARKS) for field in text.split("|"))
    if len(fields) == 1:
        fields = [field.strip(_MARKS) for field in _LIST.split(fields[0])]
    return Told(fact, tuple(dict.fromkeys(field for field in fields if field)))


facts: Agent[tuple[Told, ...]] = Agent("graph_reader/facts", parse=read_facts, fallback=())
"""Takes `passages` and `words`, how long it may be; returns the facts of a passage."""

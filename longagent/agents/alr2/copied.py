"""What a role says that was asked to copy sentences: a list of them, or that there is none."""

import re
from collections.abc import Iterator

from longagent.agents.findings import says_nothing
from longagent.agents.lines import is_reply, without_delimiters
from longagent.documents.sentences import sentences
from longagent.errors import ReplyError

_NONE = frozenset({"none", "none found", "nothing", "nothing found", "n/a", "not found", "no sentence"})
_ITEM = re.compile(r"[ \t>]*(?:[-–—*•●▪■◦‣∙·+]|\(?\d{1,3}[.)])(?:[ \t]+|$)")
# What models put around what they copy: where it stands, bold type, quotation marks.
_WHERE = re.compile(r"\s*[(\[](?:(?:passages?|pages?|sections?|pp?\.)\s*[\d, –-]+|\d{1,3})[)\]]\s*$", re.IGNORECASE)
_WRAPPED = re.compile(r"\A(\*\*|__|[\"“„«'‘`])(?P<text>.+?)(?:\*\*|__|[\"”“»'’`])\Z", re.DOTALL)
_NO_SENTENCES = re.compile(
    r"(?:there (?:is|are|was|were) )?(?:no|none of the) (?:\w+ ){0,4}(?:sentences?|passages?|evidence)\b", re.IGNORECASE
)


def copied(reply: str) -> tuple[str, ...]:
    """Return what a reply says stands in the text, item by item; nothing where it says that there is none.

    Where there are bullets or numbers, only what they mark was copied; lines that follow one belong to it up to a blank
    line. Otherwise each sentence counts, except lines that lead to others with a colon.

    Raises:
        ReplyError: it holds nothing.
    """
    reply = without_delimiters(reply).strip()
    if not reply:
        raise ReplyError("the reply holds no sentence, nor does it say that there is none.")
    if is_reply(reply, _NONE):
        return ()
    items = list(_items(reply)) or list(_sentences(reply))
    found = (_bare(item) for item in items)
    return tuple(dict.fromkeys(text for text in found if any(map(str.isalnum, text)) and not is_reply(text, _NONE)))


def says_none(text: str) -> bool:
    """Whether a text that does not stand in the source says, in whatever words, that nothing is to be copied."""
    return bool(_NO_SENTENCES.match(text)) or says_nothing(text)


def _items(reply: str) -> Iterator[str]:
    """Yield what bullets or numbers mark."""
    item: list[str] = []
    for line in [*reply.splitlines(), ""]:
        mark = _ITEM.match(line)
        if item and (mark or not line.strip()):
            yield " ".join(item)
            item = []
        if mark:
            item = [line[mark.end() :].strip()]
        elif item:
            item.append(line.strip())


def _sentences(reply: str) -> Iterator[str]:
    lines = [line.strip() for line in reply.splitlines() if line.strip()]
    for number, line in enumerate(lines, start=1):
        if not (line.endswith(":") and number < len(lines)):
            yield from (line[start:end] for start, end in sentences(line))


def _bare(item: str) -> str:
    """Return an item without what models put around it."""
    text = _WHERE.sub("", " ".join(item.split()))
    if wrapped := _WRAPPED.match(text):
        text = wrapped["text"]
    return text.strip()

"""The codec for replies: plain lines such as `Answer: …`, read however a model writes them.

Models put labels in bold, in headings, in tags or not at all, add a word before them, and copy delimiters of the
prompt. What a reply says without any label is its main field.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from longagent.errors import ReplyError

# Small models copy the delimiters along with what stands between them.
_DELIMITER = re.compile(r"^\[(?:[a-z]+\b[^\]\n]*, |end )[0-9a-f]{8}\][^\S\n]*\n?", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*```\w*[ \t]*(?:\n|\Z)", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.,])(\d{1,6}(?:\.\d+)?)(?![\w]|[.,]\d)")
_EDGE = " \t\n*_#>:-"


def read_lines(reply: str, labels: Sequence[str], *, main: str, needed: bool = True) -> dict[str, str]:
    """Return what a reply says under each of its labels; those it does not have are left out.

    A label begins a line and ends with a colon or with the line, whatever marks stand around it (`**Answer:**`,
    `## Answer`, `<answer>`). What stands before the first label belongs to none, unless the main label is missing:
    then it is the main field. Of a label that comes twice the first counts that says something.

    Args:
        reply: what the model said.
        labels: in lower case; words of one are separated by a space.
        main: the one of them that the reply is about.
        needed: whether a reply must have the main field.

    Raises:
        ReplyError: nothing is said under the main label, nor without one, and it is needed.
    """
    reply = without_delimiters(reply)
    found: dict[str, str] = {}
    marks = list(_labels(tuple(labels)).finditer(reply))
    for mark, end in zip(marks, [*(mark.start() for mark in marks[1:]), len(reply)], strict=bool(marks)):
        name = " ".join((mark["tag"] or mark["line"]).lower().replace("_", " ").split())
        said = _without_closing(reply[mark.end() : end], name).strip()
        if said and name not in found:
            found[name] = said
    if main not in found:
        before = reply[: marks[0].start()] if marks else reply
        if before.strip(_EDGE):
            found[main] = before.strip()
        elif needed:
            raise ReplyError(f"it says nothing under {main.capitalize()!r}.")
    return found


def unlabelled(reply: str, nouns: Sequence[str] = ("summary", "answer")) -> str:
    """Return free text without what models put around it: "Here is the summary:", delimiters of the prompt.

    Raises:
        ReplyError: nothing else was said.
    """
    text = _announcement(tuple(nouns)).sub("", _DELIMITER.sub("", reply)).strip()
    if not text:
        raise ReplyError("the reply holds nothing but a label.")
    return text


def without_delimiters(reply: str) -> str:
    """Return a reply without the lines of the prompt that small models copy, and fences around it."""
    return _FENCE.sub("", _DELIMITER.sub("", reply))


def is_reply(reply: str, fixed: Collection[str]) -> bool:
    """Whether a reply is one of some fixed ones, such as "No change.", whatever marks and reasons come with it.

    Reasons are set off: "No change in rent was agreed." is none of them.

    Args:
        reply: what the model said.
        fixed: in lower case, without marks.
    """
    first = re.split(r"[\n.;:,(!–—]|\s-\s", reply.strip(_EDGE + "\"'`["), maxsplit=1)[0]
    return " ".join(first.lower().split()).strip(_EDGE + "\"'`]") in fixed


def read_number(text: str) -> float | None:
    """Return the first number in a text, such as `4` in "4 of 5"; `None` if there is none."""
    found = _NUMBER.search(text)
    return float(found[1]) if found else None


def read_numbers(text: str) -> list[int]:
    """Return the whole numbers in a text in their order, ranges such as "3-5" written out; each once."""
    numbers: list[int] = []
    for first, last in re.findall(r"\b(\d{1,6})\b(?:\s*(?:-|–|to|through)\s*(\d{1,6})\b)?", text):
        end = int(last) if last else int(first)
        # A range longer than any list of choices is a slip.
        numbers += range(int(first), end + 1) if int(first) <= end <= int(first) + 1000 else [int(first)]
    return list(dict.fromkeys(numbers))


def read_choice(text: str, choices: Mapping[str, Sequence[str]]) -> str | None:
    """Return which of some choices a text makes; `None` when it makes none, or several.

    Args:
        text: what the model said.
        choices: for each, the words that stand for it, in lower case.
    """
    first = re.split(r"[\n.;:,(]", text.strip(_EDGE).lower(), maxsplit=1)[0]
    # A decision stands at the beginning; what follows are reasons, in which the other words may occur.
    for part in (first, text.lower()):
        made = [name for name, words in choices.items() if any(re.search(rf"\b{re.escape(w)}\b", part) for w in words)]
        if len(made) == 1:
            return made[0]
    return None


@lru_cache(maxsize=64)
def _labels(labels: tuple[str, ...]) -> re.Pattern[str]:
    # Longer ones first, so that "extracted information" is not read as "extracted".
    names = "|".join(re.escape(name).replace(r"\ ", r"[ _]") for name in sorted(labels, key=len, reverse=True))
    marks = r"[ \t*_#>-]{0,12}(?:\d{1,2}[.)][ \t]*)?[*_]{0,3}"
    lead = r"(?:(?:the|my|your|final|new|updated|short)[ \t]+){0,3}"
    return re.compile(
        rf"^{marks}{lead}(?P<line>{names})[ \t]*[*_]{{0,3}}[ \t]*(?::[*_]{{0,3}}|$)[ \t]*|<(?P<tag>{names})>",
        re.IGNORECASE | re.MULTILINE,
    )


@lru_cache(maxsize=16)
def _announcement(nouns: tuple[str, ...]) -> re.Pattern[str]:
    # "**Summary:**", "Here is the new summary of both parts:", "## Final answer" on a line of its own
    return re.compile(
        r"\A[\s*_#>]*(?:(?:here|this) is |here[’']s )?(?:(?:the|my|your|an?|one|new|updated|final|short|combined)\s+)*"
        rf"(?:{'|'.join(nouns)})(?:\s+(?:of|for|to|that)\b[^\n:.]{{0,60}})?[*_]*[^\S\n]*(?::[*_]*|\n|\Z)\s*",
        re.IGNORECASE,
    )


def _without_closing(text: str, name: str) -> str:
    closing = re.compile(rf"</{re.escape(name)}>".replace(r"\ ", "[ _]"), re.IGNORECASE)
    return closing.split(text, maxsplit=1)[0]

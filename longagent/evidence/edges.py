"""Whether a passage ends where the source does not: within a word, a number or an amount, or beside a negation."""

import re

from longagent.evidence.characters import UNSPACED
from longagent.evidence.negation import DENYING, is_negation

_NUMERAL = re.compile("[0-9〇零一二三四五六七八九十百千万萬亿億兆两兩]")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_FOOTNOTE = re.compile(r"[0-9]{1,2}(?!\w)")
_LONG_WORD = re.compile(r"[^\W\d_]{5}$")
_REACH = 24
"""Characters beside a passage that are looked at."""

_BEFORE_FIGURE = re.compile(r"(?:[-+±~<>=≤≥≈^#$€£¥]|\d[.,:/']|\w/)$")
_AFTER_FIGURE = re.compile(r"[%‰°^$€£¥]|[.,:/']\d|[-/]\w")
_BRACKETED = re.compile(r"[$€£¥]?[\d.,]+%?\)")
_SCALE = re.compile(
    r" ?(?:percent|per ?cent|percentage|pct|hundred|thousand|million|billion|trillion|dozen|mn|bn|m|k)\b"
)
_THOUSANDS = re.compile(r"(?<!\d)\d{1,3} \d{3}(?!\d)")
_WORD_BEFORE = re.compile(r"([^\W_]+(?:'[^\W_]+)?)[ \"'(]+$")
_WORD_AFTER = re.compile(r"[ \"']+([^\W_]+(?:'[^\W_]+)?)")


def cut_before(text: str, at: int) -> bool:
    """Whether a passage that begins here, in matching form, leaves a part of its first word or number out."""
    if not 0 < at < len(text):
        return False
    before, first = text[at - 1], text[at]
    if _UNSPACED.match(before) or _UNSPACED.match(first):
        return bool(_NUMERAL.match(before) and _NUMERAL.match(first))
    if before.isalnum() and first.isalnum():
        return True
    left = text[max(0, at - 2) : at]
    if first.isdigit():
        # "(5)" is how accounts write minus five.
        return bool(_BEFORE_FIGURE.search(left)) or (before == "(" and bool(_BRACKETED.match(text, at)))
    if before.isdigit() and first in ".," and text[at + 1 : at + 2].isdigit():
        return True
    return (first in "%‰°-/" and before.isalnum()) or (first.isalpha() and before == "'" and left[0].isalpha())


def cut_after(text: str, at: int) -> bool:
    """Whether a passage that ends here, in matching form, leaves a part of its last word or number out."""
    if not 0 < at < len(text):
        return False
    last, after = text[at - 1], text[at]
    if _UNSPACED.match(last) or _UNSPACED.match(after):
        return bool(_NUMERAL.match(last) and _NUMERAL.match(after))
    if last.isalnum() and after.isalnum():
        # A footnote mark may stick to the last word ("Microsoft4"), where it is no name such as "A4".
        return not (_FOOTNOTE.match(text, at) and _LONG_WORD.search(text, max(0, at - 5), at))
    right = text[at : at + 2]
    if last.isdigit():
        return bool(_AFTER_FIGURE.match(right))
    if after.isdigit() and last in "-+±$€£¥<>=~":
        return True
    return last.isalpha() and len(right) > 1 and ((after == "'" and right[1].isalpha()) or _numbered(right))


def cut_short(text: str, start: int, end: int, *, sentence: bool = False, row: bool = False) -> bool:
    """Whether what stands just outside a passage, in matching form, turns its meaning: a negation, or "million".

    Args:
        text: In matching form.
        start: Of the passage.
        end: Of the passage.
        sentence: Whether what follows begins a sentence, as a capital tells.
        row: Whether what follows begins a row of a table or a page.
    """
    before, after = text[max(0, start - _REACH) : start], text[end : end + _REACH]
    first, last = text[start : start + 1], text[end - 1 : end]
    if (
        last.isdigit()
        and not (sentence or row)
        and (_SCALE.match(after) or _THOUSANDS.match(text, _number_start(text, end)))
    ):
        return True
    # Scripts without spaces: only single characters can be told.
    if before[-1:] in DENYING or before[-2:-1] in DENYING or after[:1] in DENYING:
        return True
    left = _WORD_BEFORE.search(before) if first.isalnum() else None
    right = _WORD_AFTER.match(after) if last.isalnum() and not sentence else None
    return (left is not None and is_negation(left[1])) or (right is not None and is_negation(right[1]))


def _number_start(text: str, end: int) -> int:
    while end > 0 and text[end - 1].isdigit():
        end -= 1
    return end


def _numbered(right: str) -> bool:
    return right[0] == "-" and right[1].isdigit()

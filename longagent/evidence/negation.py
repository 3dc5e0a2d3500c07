"""Words that deny, and whether a sentence does: a negation turns a statement round and is no content word."""

import re
from collections.abc import Collection

from longagent.evidence.characters import UNSPACED

NEGATIONS = frozenset(
    """no not non never none nor neither without cannot nothing nobody nowhere hardly scarcely barely unless except
    excluding excepting lacking
    nicht kein keine keinen keinem keiner keines nie niemals ohne weder außer pas jamais aucun aucune sans sauf ni sin
    nunca jamás ningún ninguna nadie excepto não nem sem nenhum nenhuma senza mai nessun nessuna niet geen zonder
    nooit ikke inte ingen uten utan uden aldrig bez ani není nikdy не нет ни без никогда кроме нельзя""".split()  # noqa: SIM905
)
"""In matching form. Words of other languages are here because a wrong "verified" costs more than a missed one."""
DENYING = frozenset("不没沒無无非未勿别別")
_CLAUSE = re.compile(r"[,;:()–—]|\b(?:but|while|whereas|although|though)\b")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_NUMERO = re.compile(r"\bno\.\s*\d")


def is_negation(word: str) -> bool:
    """Whether a word in matching form denies."""
    return word in NEGATIONS or word.endswith("n't") or any(char in DENYING for char in word)


def denies(folded: str) -> bool:
    """Whether a text in matching form holds a negation; "No. 5" is none."""
    return any(is_negation(word) for word in _WORD.findall(_NUMERO.sub(" ", folded)))


def clauses(folded: str) -> Collection[str]:
    """Return the parts of a sentence that can each be denied by themselves."""
    return [part for part in _CLAUSE.split(folded) if part.strip()]

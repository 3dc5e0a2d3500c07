"""What must not differ between a quote and its source, be it only at the edge: one changed word can turn a sentence."""

import re

from longagent.evidence.negation import is_negation
from longagent.evidence.normalize import cased, fold
from longagent.evidence.words import STOP

_SYMBOLS = frozenset("%‰°$€£¥±<>≤≥≈~=^")
_AROUND = "\"'.,;:!?()[]{}…*_ "
_ACCOUNTING = re.compile(r"\(([$€£¥]?\d[\d.,]*%?)\)")
_LOOSE_SIGN = re.compile(r"(?<![^\s(\[])([-+±]) (?=[$€£¥]?\d)")
_AMOUNT = re.compile(
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)?"
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|[mbtr]+illion|dozen|score|half|halves"
    r"|thirds?|quarters?|first|second|fourth|fifth|sixth|seventh|eighth|ninth|tenth|once|twice|thrice|double|triple"
    r"|single|both|all|some|few|many|most|half)(?:s|th|fold)?"
)
_UNITS = frozenset(
    """percent percentage point points basis pct million billion trillion mn bn
    mm cm m km mile miles yard yards foot feet ft inch inches metre metres meter meters kilometre kilometres kilometer
    kilometers kg g mg gram grams kilogram kilograms ton tons tonne tonnes pound pounds lb lbs ounce ounces litre litres
    liter liters gallon gallons barrel barrels acre acres hectare hectares second seconds minute minutes hour hours day
    days night nights week weeks month months quarter quarters year years decade decades century centuries degree
    degrees celsius fahrenheit kelvin volt volts watt watts kw mw gw kwh mwh gwh hz khz mhz ghz kb mb gb tb bytes bits
    dollar dollars euro euros cent cents crown crowns yen yuan rupee rupees franc francs peso pesos
    january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday""".split()  # noqa: SIM905
)
_TURNING = re.compile(
    r"r[oi]se[ns]?|rising|f[ae]ll(?:s|en|ing)?|(?:in|de)creas\w+|gr[eo]w\w*|shr[aiu]nk\w*|gain\w*|los[est]\w*|profit\w*"
    r"|up|down|higher|lower|more|less|fewer|greater|larger|smaller|least|above|below|over|under|before|after|until|since"
    r"|within|beyond|inside|outside|always|often|sometimes|rarely|seldom|only|almost|nearly|exactly|fail\w*|lack\w*"
    r"|den(?:y|ies|ied)|refus\w+|reject\w*|accept\w*|approv\w+|prohibit\w*|forbid\w*|allow\w*|permit\w*|may|must|shall"
    r"|can|could|might|should|will|would|if|or|and|but|true|false|yes|win\w*|won|left|right|east|west|north|south"
    r"|(?:un|in|im|il|ir|dis|non|mis|anti|ne)\w{3,}|\w{2,}(?:less|free)"
)


def facts(text: str) -> list[str]:
    """Return the words of a text that carry its facts, in order and in matching form.

    They are figures with their signs and units, written-out numbers, negations, names, and the words that turn a
    statement round. Where a script has no capitals, every word may be a name.
    """
    form = _ACCOUNTING.sub(r" -\1 ", _LOOSE_SIGN.sub(r"\1", cased(text)))
    words = [word.strip(_AROUND) or word for word in form.split()]
    # What is denied counts as much as that something is.
    denies = any(is_negation(fold(word)) for word in words)
    return [fold(word) for word in words if denies or _is_fact(word)]


def _is_fact(word: str) -> bool:
    if any(char.isdigit() or char in _SYMBOLS for char in word):
        return True
    key = fold(word)
    if is_negation(key) or key in _UNITS or _AMOUNT.fullmatch(key) or _TURNING.fullmatch(key):
        return True
    # "The" at the beginning of a sentence is no name.
    return any(char.isalpha() and not char.islower() for char in word) and key not in STOP

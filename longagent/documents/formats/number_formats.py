"""Excel's number formats: what a cell shows for the number in it.

Written here since the ports of SheetJS that PyPI has are unmaintained. Where a format leaves the order of day and month
to the reader's system (the built-in dates), dates are written as 2024-03-05.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache, partial
from typing import NamedTuple

BUILT_IN = {
    **{1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??"},
    **{5: "$#,##0;($#,##0)", 6: "$#,##0;($#,##0)", 7: "$#,##0.00;($#,##0.00)", 8: "$#,##0.00;($#,##0.00)"},
    **{14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 22: "yyyy-mm-dd hh:mm"},
    **{18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0"},
    **{37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)"},
    **{41: '#,##0;(#,##0);"-"', 42: '$#,##0;($#,##0);"-"'},
    **{43: '#,##0.00;(#,##0.00);"-"', 44: '$#,##0.00;($#,##0.00);"-"'},
    **{48: "##0.0E+0", 49: "@"},
    **dict.fromkeys([*range(27, 37), *range(50, 59)], "yyyy-mm-dd"),  # dates of East Asian systems
}
"""By number; files name these without saying what they are."""

_TOKEN = re.compile(
    r"""(?P<literal>"[^"]*"?|\\.)|(?P<space>_.|\*.)|(?P<bracket>\[[^\]]*\])|(?P<general>General)
    |(?P<half>AM/PM|A/P)|(?P<power>E[+-])|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|e+|g+|b+)
    |(?P<digit>[0#?]+|[.,%/@])|(?P<other>.)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]")
_CURRENCY = re.compile(r"\[\$([^\]-]*)(?:-[^\]]*)?\]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TEST: dict[str, Callable[[float, float], bool]] = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
    "=": float.__eq__,
    "<>": float.__ne__,
}

_PLAIN = re.compile(r"\0*(?P<digits>(?:#,##)?0(?:\.(?P<decimals>0*))?)[\0%]*")
_HALF_UP = 1 + 1e-15
"""Excel rounds the 15 digits it shows, half up: 1.005 is 1.01, although the nearest float lies a little below."""

Show = Callable[[float], str]


class _Token(NamedTuple):
    kind: str
    text: str


def formatter(code: str, *, since_1904: bool = False) -> Show:
    """Return a function that writes numbers as a format code says.

    Args:
        code: such as `#,##0.00 [$€-407];-#,##0.00 [$€-407]`.
        since_1904: whether the workbook counts days from 1904.
    """
    sections = [_tokens(section) for section in _sections(code)]
    conditions = [_CONDITION.search(section) for section in _sections(code)]
    shows = [_section(tokens, since_1904) for tokens in sections]

    @lru_cache(maxsize=4096)  # dates repeat
    def show(number: float) -> str:
        try:
            return shows_for(number)
        except (ArithmeticError, ValueError, OverflowError, IndexError):
            return general(number)

    def shows_for(number: float) -> str:
        if any(conditions):
            for condition, one in zip(conditions, shows, strict=True):
                if condition is None or _TEST[condition[1]](float(number), float(condition[2])):
                    return one(number)
            return general(number)
        if number < 0 and len(shows) > 1:
            return shows[1](-number)
        return shows[2 if number == 0 and len(shows) > 2 else 0](number)

    return show


def general(number: float) -> str:
    """Write a number as cells without a format do, but with all its 15 digits."""
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else f"{number:.15g}"


def _sections(code: str) -> list[str]:
    sections, current = [], ""
    for match in _TOKEN.finditer(code):
        if match["other"] == ";":
            sections.append(current)
            current = ""
        else:
            current += match[0]
    return [*sections, current][:4]


def _tokens(section: str) -> list[_Token]:
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(section):
        kind, text = match.lastgroup or "", match[0]
        if kind == "bracket":
            currency, elapsed = _CURRENCY.fullmatch(text), _ELAPSED.fullmatch(text)
            if elapsed:
                tokens.append(_Token("elapsed", elapsed[1].lower()))
            elif currency and currency[1]:
                tokens.append(_Token("literal", currency[1]))
        elif kind == "literal":
            tokens.append(_Token(kind, text[1:] if text[0] == "\\" else text.strip('"')))
        elif kind == "other":
            tokens.append(_Token("literal", text))
        elif kind == "digit" and text[0] in "0#?":
            tokens += [_Token("digit", one) for one in text]
        elif kind != "space":
            tokens.append(_Token(kind, text.lower() if kind == "date" else text))
    return tokens


def _section(tokens: Sequence[_Token], since_1904: bool) -> Show:
    kinds = {token.kind for token in tokens}
    marks = {token.text for token in tokens if token.kind == "digit"}
    if kinds & {"date", "elapsed", "half"}:
        return partial(_date, _with_minutes(tokens), since_1904=since_1904)
    if "general" in kinds or "@" in marks:
        return lambda number: "".join(_general_or(token, number) for token in tokens)
    if "power" in kinds:
        return partial(_power, tokens)
    if "/" in marks:
        return partial(_fraction, tokens)
    return _plain(tokens) or partial(_number, tokens)


def _plain(tokens: Sequence[_Token]) -> Show | None:
    """Return a quick way to write numbers in the usual formats, such as `#,##0.00 €` or `0.0%`; they are most cells."""
    marks = "".join(token.text if token.kind == "digit" else "\0" for token in tokens)
    match = _PLAIN.fullmatch(marks)
    if match is None:
        return None
    start, stop = match.span("digits")
    before = "".join(token.text for token in tokens[:start])
    after = "".join(token.text for token in tokens[stop:])
    group = "," if "," in match["digits"] else ""
    form = f"{group}.{len(match['decimals'] or '')}f"
    scale = _HALF_UP * 100 ** marks.count("%")

    def show(number: float) -> str:
        text = format(abs(number) * scale, form)
        sign = "-" if number < 0 and text.strip("0.,") else ""
        return f"{sign}{before}{text}{after}".strip()

    return show


def _general_or(token: _Token, number: float) -> str:
    return general(number) if token.kind == "general" or token.text == "@" else token.text


def _number(tokens: Sequence[_Token], number: float) -> str:
    places = "".join(token.text for token in tokens if token.kind == "digit")
    percents, places = places.count("%"), places.replace("%", "")
    thousands, places = len(places) - len(places.rstrip(",")), places.rstrip(",")
    whole, _, decimals = places.partition(".")
    decimals = decimals.replace(",", "")
    value = Decimal(f"{number:.15g}").scaleb(2 * percents - 3 * thousands)
    value = value.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    left, _, right = f"{abs(value):f}".partition(".")
    needed = len(decimals.rstrip("#?"))
    right = right[:needed] + right[needed:].rstrip("0")
    left = left.lstrip("0").rjust(whole.count("0"), "0")
    body = _placed(tokens, left, right, "," in whole)
    return f"-{body}" if value < 0 else body


def _placed(tokens: Sequence[_Token], left: str, right: str, grouped: bool) -> str:
    """Put figures into the places of a format, the whole ones from the right."""
    point = next((index for index, token in enumerate(tokens) if token == ("digit", ".")), len(tokens))
    places = [index for index, token in enumerate(tokens[:point]) if token.kind == "digit" and token.text in "0#?"]
    shown: dict[int, str] = {}
    rest = f"{int(left):,}".rjust(len(left), "0") if grouped and left else left
    for index in reversed(places):
        size = 2 if rest[-2:-1] == "," else 1
        if index == places[0]:
            size = len(rest)
        shown[index] = rest[len(rest) - size :] if rest else ""
        rest = rest[: len(rest) - size]
    out: list[str] = []
    after = False
    for index, token in enumerate(tokens):
        if token.kind != "digit":
            out.append(token.text)
        elif token.text == "%":
            out.append("%")
        elif index == point:
            out.append(f"{'' if places else left}.{right}" if right else "" if places else left)
            after = True
        elif not after:
            out.append(shown.get(index, ""))
    return "".join(out).strip()


def _power(tokens: Sequence[_Token], number: float) -> str:
    places = "".join(token.text for token in tokens if token.kind in {"digit", "power"}).upper()
    mantissa, _, power = places.replace("E-", "E+").partition("E+")
    head, _, exponent = f"{number:.{len(mantissa.partition('.')[2])}E}".partition("E")
    return f"{head}E{'+' if int(exponent) >= 0 else '-'}{abs(int(exponent)):0{len(power)}}"


def _fraction(tokens: Sequence[_Token], number: float) -> str:
    places = "".join(token.text for token in tokens)
    below = places.partition("/")[2].strip()
    value = Fraction(str(abs(number)))
    if below.isdecimal() and int(below):  # a fixed denominator
        value = Fraction(round(value * int(below)), int(below))
    else:
        value = value.limit_denominator(10 ** max(1, len(below)) - 1)
    whole, rest = divmod(value.numerator, value.denominator)
    shown = [str(whole)] if whole or not rest else []
    if rest:
        shown.append(f"{rest}/{value.denominator}")
    return ("-" if number < 0 and value else "") + " ".join(shown)


def _with_minutes(tokens: Sequence[_Token]) -> list[_Token]:
    """Tell minutes from months: they stand after hours or before seconds."""
    told = list(tokens)
    times = [index for index, token in enumerate(told) if token.kind in {"date", "elapsed"}]
    for place, index in enumerate(times):
        token = told[index]
        before = told[times[place - 1]].text[0] if place else ""
        after = told[times[place + 1]].text[0] if place + 1 < len(times) else ""
        if token.kind == "date" and token.text in {"m", "mm"} and (before == "h" or after == "s"):
            told[index] = _Token("minute", token.text)
    return told


def _date(tokens: Sequence[_Token], number: float, *, since_1904: bool) -> str:
    fine = max((len(token.text.partition(".")[2]) for token in tokens if token.kind == "date"), default=0)
    seconds = round(Decimal(f"{number:.15g}") * 86400, fine)
    if seconds < 0:
        return general(number)
    # Excel counts a 29 February 1900, which never was.
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if number >= 60 else 31)
    moment = start + timedelta(microseconds=int(seconds * 1_000_000))
    halves = any(token.kind == "half" for token in tokens)
    out = [_part(token, moment, seconds, halves) for token in tokens]
    return "".join(out).strip()


def _part(token: _Token, moment: datetime, seconds: Decimal, halves: bool) -> str:
    kind, text = token
    if kind == "elapsed":
        unit = {"h": 3600, "m": 60, "s": 1}[text[0]]
        return f"{int(seconds // unit):0{len(text)}}"
    if kind == "minute":
        return f"{moment.minute:0{len(text)}}"
    if kind == "half":
        return ("AM" if moment.hour < 12 else "PM")[: 2 if len(text) > 3 else 1]
    if kind != "date":
        return text
    if text[0] == "s":
        width, _, fine = text.partition(".")
        return f"{moment.second:0{len(width)}}" + (f".{moment.microsecond:06}"[: len(fine) + 1] if fine else "")
    hour = (moment.hour % 12 or 12) if halves else moment.hour
    written = {
        "y": f"{moment.year:04}" if len(text) > 2 else f"{moment.year % 100:02}",
        "e": str(moment.year),
        "h": f"{hour:0{len(text)}}",
        "m": _named(_MONTHS[moment.month - 1], moment.month, text),
        "d": _named(_DAYS[moment.weekday()], moment.day, text),
    }
    return written.get(text[0], "")


def _named(name: str, number: int, text: str) -> str:
    if len(text) < 3:
        return f"{number:0{len(text)}}"
    return {3: name[:3], 5: name[0]}.get(len(text), name)

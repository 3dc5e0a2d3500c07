"""What kind of question one is, told from its words alone: no model is asked.

English questions are told apart by cues that a person can read below. Where no cue is found, as in other languages, a
question counts as a look-up, the kind that costs least.
"""

import re
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "summary", "calculation", "aggregate", "comparison", "multi-hop", "explanation", "look-up", "unclear"
]
"""`unclear` is a question without a word in it; everything else that has no cue is a `look-up`."""


class Cue(NamedTuple):
    """Words that give a kind of question away."""

    kind: Kind
    meaning: str
    """What such a question asks for; completes "the question asks for …"."""
    pattern: re.Pattern[str]


class Told(NamedTuple):
    """What a question asks for, and the words that say so."""

    kind: Kind
    meaning: str
    cue: str
    """As they stand in the question, in small letters; empty for a look-up."""


_END = 500
_ASKING = r"(?:^|[.:;?!] |\b(?:please|you|and|then|briefly) )"
"""Where a verb in its plain form is what the person wants done."""
_TEXT = (
    r"(?:documents?|papers?|reports?|books?|texts?|articles?|stor(?:y|ies)|novels?|files?|contracts?|chapters?|sections?"
    r"|pdfs?|transcripts?|filings?)"
)
_DIFFER = (
    r"(?:chang|increas|decreas|grow|grew|ris|rose|fall|fell|declin|drop|evolv|shift|var[yi]|improv|reduc|shr[ia]nk)\w*"
)
_THAN = (
    r"(?:better|worse|larger|smaller|higher|lower|older|younger|longer|shorter|bigger|faster|slower|stronger|weaker"
    r"|taller|cheaper|richer|earlier|later|(?:more|less|fewer) \w+)"
)
_MOST = r"(?:most|least|fewest|highest|lowest|largest|smallest|biggest|greatest|longest|shortest|oldest|youngest)"
_NUMBER = r"(?:two|three|four|five|six|seven|eight|nine|ten|\d+)"
_AUX = r"(?:do|does|did|is|are|was|were|has|have|had|can|could|may|might|will|would|should)"
_BEARS_ON = (
    r"(?:affect|influenc|impact|contribut|relat|lead|led|help|reflect|shap|caus|react|respond|feel|felt|explain|justif"
    r"|result|transform|support|enabl|demonstrat|illustrat|show|develop|evolv|chang)\w*"
)

_WORDS: tuple[tuple[Kind, str, tuple[str, ...]], ...] = (
    (
        "summary",
        "a summary",
        (
            _ASKING + r"(?:to )?summari[sz]e\b",
            r"\btl;? ?dr\b",
            r"\b(?:give|write|provide|prepare|make|draft|need|want|create)\b.{0,40}\b(?:summary|overview|synopsis|outline)\b",
            r"^(?:(?:a|an|brief|short|executive) )*(?:summary|overview|synopsis|gist|outline)\b(?= of|[.:?]|$)",
            rf"\bgist of (?:the|this|it)\b|\bwhat happens in (?:the|this) {_TEXT}\b",
            rf"\bwhat(?: is|'s| are| was) (?:this|the|that|these) (?:\w+ )?{_TEXT} (?:all )?about\b",
            r"\b(?:main|key|principal|central|major|most important) "
            r"(?:points|ideas|findings|arguments|themes|takeaways|messages|conclusions|topics|insights)\b",
        ),
    ),
    (
        "calculation",
        "a calculation",
        (
            _ASKING + r"(?:calculate|compute|work out|estimate)\b",
            rf"\b(?:what|which) (?:percentage|percent|fraction|proportion|factor)\b.*\b(?:{_DIFFER}|{_THAN})\b",
            r"\bpercentage (?:change|increase|decrease|difference|growth)\b|\bcagr\b|\bratio of\b.*\bto\b",
            r"\bhow many (?:years|months|weeks|days|hours|minutes)\b.*\b(?:between|passed|elapsed|apart)\b",
            r"\bhow (?:old|long) (?:is|was|were) .* (?:when|at the time)\b|\bhow long (?:after|before)\b",
            rf"\bhow (?:much|many)\b.*\b{_THAN}\b.* than\b|\bhow (?:much|many) (?:more|less|fewer)\b.* than\b",
            rf"\bhow much\b.*\b{_DIFFER}\b.*\b(?:from\b.*\bto|between\b.*\band)\b",
            r"\bhow (?:much|many|long) would\b.*\bif\b|\bif\b.*\bhow (?:much|many|long) would\b",
        ),
    ),
    (
        "aggregate",
        "a total, a list or an extreme",
        (
            r"^(?:please |can you |could you )?(?:list|enumerate|count)\b",
            r"\b(?:list|name|find|give(?: me)?|show(?: me)?|identify|extract|collect|what (?:are|were)) "
            r"(?:all|every|each)\b",
            r"\bhow many times\b|\bhow often\b.*\b(?:mention|appear|occur|refer|repeat|cite|use|say|said)\w*",
            r"\bhow many (?:different|distinct|unique|kinds of|types of)\b",
            r"\bhow (?:many|much)\b.*\b(?:in total|in all|altogether|combined|throughout|across)\b",
            r"\bsum of (?:all|the)\b|\btotal of all\b|\btotal number of\b|\badds? up\b|\bacross all\b",
            r"\b(?:for|in|of|by) (?:each|every)\b",
            r"\b(?:which|what) \w+(?: \w+){0,4} (?:has|have|had|is|was|are|were|reported|achieve[sd]?|spent|sold) "
            rf"the (?:\w+ )?{_MOST}\b",
            rf"\bwho\b.* the {_MOST}\b|\bmost (?:often|frequently)\b|\btop {_NUMBER}\b",
            rf"^which (?!{_NUMBER}\b)(?:\w+ ){{0,2}}\w+[^\Ws]s (?:are|were|have)\b",
        ),
    ),
    (
        "comparison",
        "a comparison",
        (
            r"\bcompar(?:e|es|ed|ing|ison|isons)\b|\bversus\b|\bvs\b|\bin common\b",
            r"\bas opposed to\b|\bsimilarit(?:y|ies)\b|\btrends?\b",
            r"\bdiffer(?:s|ed)?\b|\bdifferences? (?:between|in|among)\b|\bdifferent(?:ly)? (?:from|than)\b",
            r"\bdistinguish(?:es|ed)?\b|\bdistinction between\b|\bcontrast(?:s|ed|ing)?\b",
            rf"\b{_DIFFER}\b.*\b(?:from\b.*\bto|between\b.*\band)\b",
            rf"\b{_DIFFER}\b.*\b(?:over time|(?:over|across) (?:these|the \w+ (?:periods?|quarters|years)))\b",
            rf"(?<!no )(?<!not )\b{_THAN} than\b(?! \d)",
            rf"\b(?:which|who)\b.*\b(?:first|last|more|less|{_THAN})\b.*\bor\b",
            r"^(?:are|were|is|was|do|does|did|have|has)\b.*\band\b.*\b(?:both|the same)\b|\bdo both\b",
        ),
    ),
    (
        "explanation",
        "an explanation",
        (
            rf"^why\b|\bwhy {_AUX}\b|\band why\b|\bhow come\b",
            rf"\bhow {_AUX}\b(?! (?:i|we|you|one)\b).*\b{_BEARS_ON}\b",
            r"\b(?:reasons?|motivations?|motives?|rationale|explanations?|justifications?|causes) "
            r"(?:for|of|behind|why)\b",
            r"\b(?:factors|consequences?|implications?|outcome|lessons?|disadvantages?|advantages?|drawbacks?)\b",
            r"\b(?:effects?|impacts?|influence|benefits?|significance|limitations?) (?:of|on)\b",
            r"\bwhat\b.*\b(?:could|might|may|would) (?:\w+ )?(?:result|happen|follow)\b",
            r"\bwhat\b.*\b(?:tells? us|suggests?|reveals?|impl(?:y|ies)|led to|caused|prompted|motivated)\b",
            r"\bwhat\b.*\bcontribut\w+\b",
            _ASKING + r"(?:explain|describe|discuss|analy[sz]e|interpret|assess|evaluate)\b",
            r"\b(?:infer|inferred|conclude|concluded|deduce|deduced) (?:about|from)\b",
            r"\bover the course of\b|\bthroughout the\b",
        ),
    ),
)

CUES: tuple[Cue, ...] = tuple(
    Cue(kind, meaning, re.compile(pattern)) for kind, meaning, patterns in _WORDS for pattern in patterns
)
"""In the order in which they are looked for; "multi-hop", which has no words of its own, comes before "explanation"."""

_RELATION = (
    r"(?:director|author|writer|composer|performer|singer|producer|creator|founder|owner|publisher|editor|inventor"
    r"|architect|painter|designer|developer|distributor|manufacturer|screenwriter|star|wife|husband|spouse|mother|father"
    r"|son|daughter|brother|sister|sibling|child|children|parents?|grandfather|grandmother|uncle|aunt|cousin|mentor"
    r"|teacher|student|employer|predecessor|successor|chairman|chairwoman|president|ceo|chief executive|head|leader"
    r"|captain|coach|mayor|governor|king|queen|capital|birthplace|hometown|place of (?:birth|death|burial)"
    r"|date of (?:birth|death)|cause of death|nationality|alma mater|parent company|subsidiary|headquarters"
    r"|record label|spokesperson|auditor|(?:mother|father|sister|brother|son|daughter)-in-law|stepmother|stepfather)"
)
_ENTITY = (
    r"(?:person|people|man|woman|boy|girl|actors?|actress|player|politician|candidate|king|queen|band|group|company|firm"
    r"|organi[sz]ation|agency|network|studio|label|city|town|village|country|state|county|region|place|river|island|film"
    r"|movie|show|series|sitcom|episode|book|novel|play|song|album|single|character|team|club|league|university|college"
    r"|school|hospital|museum|church|building|bridge|ship|plane|war|battle|event|award|prize)"
)
_RELATED = re.compile(rf"\b{_RELATION}s? of\b|(?:'s|s') (?:\w+ )?{_RELATION}\b")
_DESCRIBED = re.compile(
    rf"\b(?:the|an?) (?:[\w-]+ ){{0,4}}?(?:{_ENTITY}|{_RELATION}) (?:who|whom|whose|which|that|where"
    r"|(?:in|on|for|from|at|to|by|with) (?:which|whom)|starring|featuring|known for|named after|married to"
    r"|(?:direct|found|own|sign|publish|compos|creat|produc|host|hir|employ|develop|design)ed by"
    r"|(?:written|led|won) by|born in|located in)\b"
)
"""Something that has no name in the question and must be found first."""
_PLAIN = re.compile(
    r"^(?:(?:in|on|at|to|for|from|of) )?(?:what|who|which|where|when|whose)(?:'s)?\b"
    r"|\b(?:is|are|was|were|do|does|did|has|have|had|the|an?|in|on|of|by|to|full|real|name|names|title|identity)\b|\W"
)
"""What is said before a description without asking for anything beyond it, as in "what is the name of"."""
_ASKED = re.compile(
    r"^(?:when|where|how (?:many|much|old|tall|long|large))\b"
    r"|^(?:what|which) (?!is\b|was\b|are\b|were\b|does\b|did\b|do\b)[\w-]+ (?:is|was|are|were|does|did|do)\b"
    r"|^(?:what|which) [\w-]+\b.*\bfrom ?\?*$"
    r"|\b(?:in|on|to|of|by|from|for|with|at|as|than|after|is|was|born|hit) (?:what|which)(?: [\w-]+){0,4} ?\?*$"
    r"|.\b(?:whom?|when|where) ?\?*$"
)
"""The answer's own step, besides those that lead to it; also at the end: "… is by a man born in what year?"."""


def question_type(question: str) -> Told:
    """Tell what a question asks for."""
    text = " ".join(question.lower().replace("’", "'").split())
    # What is asked stands at either end of a long one, and patterns take time with the square of a text's length.
    text = text if len(text) <= 2 * _END else f"{text[:_END]} {text[-_END:]}"
    if not re.search(r"\w", text):
        return Told("unclear", "nothing that can be told", "")
    for cue in CUES:
        if cue.kind == "explanation" and (path := _path(text)):
            return Told("multi-hop", "something that is found only over something else", path)
        if found := cue.pattern.search(text):
            return Told(cue.kind, cue.meaning, found[0].strip())
    return Told("look-up", "a fact", "")


def _path(text: str) -> str:
    """Return the steps of a question that leads from one thing over another to its answer; empty for a single step."""
    described, related = list(_DESCRIBED.finditer(text)), list(_RELATED.finditer(text))
    steps = [found[0].strip() for found in (*related, *described)]
    if not steps:
        return ""
    # What stands before the first description is asked of it, unless it only asks who or what it is.
    further = bool(_ASKED.search(text)) or any(_PLAIN.sub("", text[: found.start()]) for found in described[:1])
    return " … ".join(steps) if len(steps) + further > 1 else ""

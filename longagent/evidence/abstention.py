"""Recognise a model's refusal in free wording, without mistaking a finding with a negation in it for one."""

import re

from longagent.evidence.normalize import fold

LONGEST = 60
"""Words beyond which a reply is an answer, whatever it begins with."""

_SOURCE = (
    r"(?:documents?|texts?|passages?|contexts?|excerpts?|sources?|articles?|papers?|reports?|information|evidence"
    # what was kept of one
    r"|memory|memories|summary|summaries|notes?)"
)
_READ = r"(?:texts?|passages?|excerpts?|documents?)"
_NOT = r"(?:not|n't)"
_TELLS = r"(?:mention|specify|state|say|disclose|address|answer|indicate|discuss|tell)"
_TOLD = (
    r"(?:mentioned|specified|stated|provided|given|contained|included|discussed|disclosed|addressed|described|answered"
    r"|indicated|found|listed|covered)"
)
_KNOWLEDGE = r"(?:information|answers?|mention|details?|specifics)"

_ABSTAINS = tuple(
    re.compile(pattern)
    for pattern in (
        # "Not found.", "N/A", "Unknown", "No answer available"
        rf"^(?:answer: )?(?:(?:it|this|that) is )?not (?:{_TOLD}|available|known|applicable)(?: in .*)?$",
        rf"^(?:answer: )?(?:n/?a|unknown|unanswerable|none|no {_KNOWLEDGE}(?: (?:found|available|given|provided))?)$",
        # "The document does not mention ..."; with weaker verbs only about information, so that facts stay answers
        rf"\b{_SOURCE}(?: \w+){{0,3}} (?:does|do|did) {_NOT} (?:\w+ )?{_TELLS}\b",
        rf"\banswer (?:is|was) {_NOT} (?:contained )?in (?:the|this|my) {_SOURCE}\b",
        rf"\b{_SOURCE}(?: \w+){{0,3}} (?:does|do|did) {_NOT} (?:\w+ )?\w+ .{{0,40}}\b{_KNOWLEDGE}\b",
        rf"\b(?:is|are|was|were) (?:{_NOT}|nowhere|never) (?:\w+ )?{_TOLD} (?:in|by|within) .{{0,20}}{_SOURCE}\b",
        rf"\b(?:is|are|was|were) {_NOT} (?:\w+ )?(?:mentioned|specified|stated|disclosed|provided|given)$",
        rf"\bno (?:\w+ ){{0,2}}{_KNOWLEDGE}\b.{{0,60}}\b(?:found|given|provided|available|mentioned|in the)\b",
        rf"\bthere (?:is|are|was) no (?:\w+ ){{0,2}}{_KNOWLEDGE}\b",
        # "I cannot answer ...", "Sorry, but I don't have ..."
        rf"^(?:(?:i'm |i am )?sorry,? (?:but )?)?(?:i|we) (?:can(?:not| not|'t)|could {_NOT}|am (?:not able|unable) to"
        rf"|was unable to|(?:do|did) {_NOT} (?:know|have|find|see))\b",
        r"\b(?:cannot|can't|can not|could not|impossible to) be (?:determined|answered|inferred)\b",
        r"\bimpossible to (?:determine|tell)\b|\binsufficient (?:information|context)\b",
        r"\bnot (?:enough|sufficient) (?:information|context|evidence)\b",
        # "The text does not hold it.", "Not in this passage.", "The text says nothing about it.", "No mention of a dog"
        rf"\b{_READ}(?: \w+){{0,3}} (?:does|do|did) {_NOT} (?:\w+ )?(?:contain|hold|give|provide) (?:it|this|that)$",
        rf"^(?:it is )?not in (?:the|this|my) (?:\w+ )?{_READ}$",
        rf"\b{_READ}(?: \w+){{0,3}} (?:says?|said|tells?|told) nothing\b",
        r"^no (?:information|mention|details?) (?:about|of|on|regarding) .{1,60}$",
        r"^no \w+ (?:is|are) (?:given|mentioned|stated|specified)(?: here| in .*)?$",
        r"^(?:未找到|没有找到|no (?:se (?:menciona|encontr)|encontrad)|nicht (?:gefunden|angegeben)|keine angaben?\b"
        r"|non (?:trouvé|mentionné)|нет (?:данных|информации)"
        r"|не (?:найдено|указано|упоминается))",
        r"^(?:本|该|这篇)?(?:文[中件档章本]|段落|资料)(?:中|里)?(?:并)?(?:没有|未)(?:提|说|记|给|包含|涉及|指出|找到)",
        r"^.{0,20}(?:見つかりません(?:でした)?|記載(?:が|は)?(?:ありません|されていません)|言及されていません)$",
    )
)
_FIRST_SENTENCE = re.compile(r"(?:[^.!?。！？]|[.](?=\w))*")


def is_abstention(reply: str) -> bool:
    """Whether a short reply says that the answer is not in the text the model was given.

    Only the first sentence counts: what follows a fact may well be a remark on what else is missing.
    """
    text = " ".join(fold(reply).split()).strip(" \"'*_`.")
    if not text:
        return True
    if len(text.split()) > LONGEST or re.match(r"(?:yes|no)\b[,.;:]", text):
        return False
    sentence = _FIRST_SENTENCE.match(text)
    first = (sentence.group() if sentence else text).strip(" .\"'*")
    first = re.sub(r"(?<=\w)(?<!ca)n't\b", " n't", first)
    return any(pattern.search(first) for pattern in _ABSTAINS)

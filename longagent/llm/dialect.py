"""What one server turned out not to accept, learned from its refusals: the same request can be put otherwise."""

import re
from collections.abc import Collection
from typing import Literal, TypeAlias, get_args

from longagent.llm.refusals import error_codes, error_message
from longagent.llm.wire import Response

Wish: TypeAlias = Literal["structured_outputs", "grammar", "response_format", "logprobs", "top_logprobs"]
"""A field without which a request is worth as much: replies are read tolerantly."""

Feature: TypeAlias = Literal["temperature", "seed", "stop", "max_tokens", "max_completion_tokens", "system", Wish]
"""A field of a request, or the role of its first message, that a server may refuse."""

WISHES: frozenset[Feature] = frozenset(get_args(Wish))

THINKING_TOKENS = 4096
"""What a model known to think gets for it, on top of a reply's cap: most thoughts about one chunk are shorter."""

_FIELDS = tuple(name for name in get_args(Feature) if name != "system")

_REFUSING = re.compile(
    r"unsupported|not support|not (?:yet )?(?:permitted|allowed|accepted|available)|unrecogni[sz]ed|unexpected|unknown|"
    r"forbidden|extra (?:inputs|fields)|no longer|deprecated|strictly positive",
    re.IGNORECASE,
)
_NO_SYSTEM = re.compile(
    r"(?:system|developer) (?:role|message|prompt|instruction)s?\b.{0,40}not (?:supported|allowed|enabled|accepted)"
    r"|does(?: not|n't) support .{0,20}system|only (?:supports? )?.{0,20}\buser\b.{0,20}\bassistant\b"
    r"|roles? must alternate|unsupported .{0,20}system",
    re.IGNORECASE,
)

# By name, those whose template lets them think unless told otherwise.
_THINKING_NAME = re.compile(
    r"qwen-?3(?!.*(?:instruct|coder|embed))|qwq|deepseek-?r1|r1-distill|gpt-oss|magistral|glm-4\.[5-9]"
    r"|(?<![a-z])(?:thinking|reasoner|reasoning)(?![a-z])|^o[134](?![a-z0-9])|gpt-5(?!.*chat)"
)


def not_accepted(response: Response, sent: Collection[Feature]) -> Feature | None:
    """Return the one of the features sent that a response refuses; `None` when it refuses for another reason.

    Args:
        response: of status 300 or more.
        sent: what the request used.
    """
    # llama.cpp answers 500 to what a model's chat template refuses.
    if response.status not in {400, 422, 500}:
        return None
    said, codes = error_message(response.body, key=None), error_codes(response.body)
    if "system" in sent and _NO_SYSTEM.search(said):
        return "system"
    if response.status == 500:
        return None
    # A server says first what it refuses, and then what it would have instead.
    places = {name: match.start() for name in _FIELDS if (match := re.search(rf"\b{name}\b", f"{codes} {said}"))}
    # Whatever it minds about a wish, "failed to parse grammar" say, it is better served without.
    refusing = _REFUSING.search(f"{said} {codes}")
    named = [name for name in sent if name in places and (refusing or name in WISHES)]
    return min(named, key=places.__getitem__, default=None)


def thinking_tokens(served: str) -> int:
    """Return how many tokens a model may want for thinking before it replies, by its name; 0 for most."""
    short = served.rsplit("/", 1)[-1].lower()
    return THINKING_TOKENS if _THINKING_NAME.search(short) else 0

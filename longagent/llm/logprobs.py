"""Log-probabilities of a reply's tokens: as OpenAI's protocol has them, and as they are kept in files."""

import math
from typing import Any

from longagent.llm.model import TokenLogprob

_IMPOSSIBLE = -9999.0
"""What vLLM says of tokens with probability 0, whose logarithm no JSON can hold."""


def read_logprobs(said: Any) -> tuple[TokenLogprob, ...] | None:
    """Return the log-probabilities that a server tells; `None` for none, and for what cannot be read.

    Args:
        said: `logprobs` of a choice of a chat completion.
    """
    content = said.get("content") if isinstance(said, dict) else None
    if not isinstance(content, list) or not content:
        return None
    try:
        return tuple(
            TokenLogprob(
                token=_text(entry["token"]),
                logprob=_logprob(entry["logprob"]),
                top=tuple(map(_pair, entry.get("top_logprobs") or ())),
            )
            for entry in content
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def logprobs_of_record(record: Any) -> tuple[TokenLogprob, ...] | None:
    """Return log-probabilities that were kept with a reply.

    Raises:
        TypeError, KeyError: another version wrote them.
    """
    if record is None:
        return None
    return tuple(
        TokenLogprob(
            token=entry["token"],
            logprob=entry["logprob"],
            top=tuple((token, logprob) for token, logprob in entry["top"]),
        )
        for entry in record
    )


def _pair(entry: Any) -> tuple[str, float]:
    return _text(entry["token"]), _logprob(entry["logprob"])


def _text(token: Any) -> str:
    if not isinstance(token, str):
        raise TypeError(token)
    # JSON can carry lone surrogates, files cannot.
    return token.encode("utf-8", "replace").decode()


def _logprob(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or math.isnan(value):
        raise TypeError(value)
    return min(0.0, max(_IMPOSSIBLE, float(value)))

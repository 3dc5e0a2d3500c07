"""What a request would like of a reply, put as each kind of server understands it: choices, a JSON schema, logprobs."""

import json
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from longagent.llm.dialect import Feature
from longagent.llm.model import Request

Engine: TypeAlias = Literal["vllm", "llamacpp"]
"""What runs a model behind OpenAI's protocol, where that is known and makes a difference."""

_MOST_LOGPROBS = 20
"""More is refused by OpenAI, and by vLLM unless it was started for more."""


def wishes(request: Request, *, engine: Engine | None = None, openai: bool = False) -> dict[Feature, Any]:
    """Return the fields of a chat completion that say what a request would like; empty for most requests.

    Args:
        request: what to ask.
        engine: what runs the model; `None` when not known.
        openai: whether it is OpenAI itself.
    """
    fields: dict[Feature, Any] = {}
    if request.choices:
        fields |= _choices(request.choices, engine=engine, openai=openai)
    elif request.schema is not None:
        fields["response_format"] = response_format(request.schema)
    if request.logprobs is not None:
        fields["logprobs"] = True
        if request.logprobs:
            fields["top_logprobs"] = min(request.logprobs, _MOST_LOGPROBS)
    return fields


def response_format(schema: str) -> dict[str, Any]:
    """Return a JSON schema as OpenAI, vLLM, llama.cpp, SGLang and Ollama all take it."""
    return {
        "type": "json_schema",
        "json_schema": {"name": "reply", "strict": True, "schema": json.loads(schema)},
    }


def _choices(choices: Sequence[str], *, engine: Engine | None, openai: bool) -> dict[Feature, Any]:
    if openai:
        # It has no such thing, and an object of JSON around the choice would be another reply than was asked for.
        return {}
    if engine == "llamacpp":
        return {"grammar": f"root ::= {' | '.join(map(_literal, choices))}"}
    # vLLM's. Gateways pass it on, other servers pass it over, and who refuses it is not asked so again.
    return {"structured_outputs": {"choice": list(choices)}}


def _literal(text: str) -> str:
    """Return a text as a grammar of llama.cpp writes it."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(sign: str) -> str:
    if sign in {'"', "\\"}:
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08X}"

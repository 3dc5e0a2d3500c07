"""Replies held to a form, as servers with structured outputs do, and the log-probabilities of their tokens."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from longagent.testing.server.protocol import CHARACTERS_PER_TOKEN

_LIKELY = -0.125
"""Log-probability of every token that is written; each alternative is half as likely as the one before it."""


def held_to_form(text: str, body: Mapping[str, Any]) -> str:
    """Return what is replied instead of a text when the request constrains it; the text itself where that fits.

    Of choices it is the one that the text names first, else the first of them; of a schema the smallest object.
    """
    outputs = body.get("structured_outputs") or {}
    if choices := outputs.get("choice"):
        return _chosen(text, choices)
    schema = outputs.get("json")
    if (body.get("response_format") or {}).get("type") == "json_schema":
        schema = body["response_format"]["json_schema"]["schema"]
    if schema is None:
        return text
    return text if _fits(text, schema) else json.dumps(_smallest(schema))


def logprobs(text: str, *, top: int) -> dict[str, Any]:
    """Return the log-probabilities of a reply, with so many alternatives for each token, itself among them."""
    tokens = [text[at : at + CHARACTERS_PER_TOKEN] for at in range(0, len(text), CHARACTERS_PER_TOKEN)]
    return {
        "content": [
            {
                **_entry(token, 0),
                "top_logprobs": [_entry(token if rank == 0 else f"other {rank}", rank) for rank in range(top)],
            }
            for token in tokens
        ]
    }


def _entry(token: str, rank: int) -> dict[str, Any]:
    return {"token": token, "logprob": _LIKELY - rank, "bytes": list(token.encode("utf-8", "replace"))}


def _chosen(text: str, choices: Sequence[str]) -> str:
    if text in choices:
        return text
    named = [choice for choice in choices if choice in text]
    return min(named, key=text.index, default=choices[0])


def _fits(text: str, schema: Mapping[str, Any]) -> bool:
    """Return whether a text is an object with all that the schema requires; of the values nothing is checked."""
    try:
        said = json.loads(text)
    except ValueError:
        return False
    return schema.get("type") != "object" or (isinstance(said, dict) and {*schema.get("required", ())} <= {*said})


def _smallest(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _smallest(properties.get(name, {})) for name in schema.get("required", ())}
    empty: dict[Any, Any] = {"array": [], "integer": 0, "number": 0, "boolean": False, "string": ""}
    return empty.get(kind)

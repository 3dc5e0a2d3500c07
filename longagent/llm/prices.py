"""Windows and prices of models by their names: LiteLLM's table, read without importing it, and the user's own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from longagent.llm.providers import KEYLESS

_TABLE = "model_prices_and_context_window_backup.json"
_MODES = frozenset({None, "chat", "completion", "responses"})
_OVERRIDES = ("window", "input_price", "output_price")
_OURS = frozenset({"local", "vllm"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What a table says about a model; `None`: it does not say."""

    window: int | None = None
    """Tokens it takes as input. For some models a reply comes on top of it, for others it must fit in as well: used as
    the window of both, it is right for the ones and careful with the others."""
    price: tuple[float, float] | None = None
    """US dollars per million prompt and completion tokens; zero only for models that run on one's own machine."""
    thinks: bool = False
    """Whether it may think before it replies, without being asked to."""
    system: bool = True
    """Whether it takes a system message."""
    max_output: int | None = None
    """Longest reply, thinking included; a longer cap is refused by many providers."""


def facts(name: str, overrides: Mapping[str, ModelFacts] | None = None) -> ModelFacts:
    """Return what is known about a model.

    Args:
        name: as the user names it, such as `anthropic/claude-sonnet-4-5`.
        overrides: from `parse_overrides`; what they say wins, field by field.
    """
    provider = name.partition("/")[0]
    known = ModelFacts(price=(0.0, 0.0)) if provider in _OURS else _from_table(name)
    own = (overrides or {}).get(name)
    if own is None:
        return known
    return replace(known, window=own.window or known.window, price=own.price or known.price)


def parse_overrides(table: Mapping[str, Any]) -> dict[str, ModelFacts]:
    """Read the tables `[models."openai/foo"]` of a configuration: `window`, `input_price`, `output_price`.

    Raises:
        ValueError: a value that makes no sense, in one sentence.
    """
    parsed = {}
    for name, entry in table.items():
        if not isinstance(entry, Mapping):
            raise ValueError(f'models.{name!r} is not a table; write [models."{name}"] and its values below.')
        unknown = sorted(entry.keys() - set(_OVERRIDES))
        if unknown:
            raise ValueError(f"models.{name!r} has no setting {unknown[0]!r}; there are {', '.join(_OVERRIDES)}.")
        parsed[name] = ModelFacts(window=_window(name, entry), price=_price(name, entry))
    return parsed


def table_providers() -> frozenset[str]:
    """Return the providers LiteLLM's table knows; it serves more."""
    chats = (entry for entry in _table().values() if entry.get("mode") in _MODES)
    return frozenset(str(entry["litellm_provider"]).partition("-")[0] for entry in chats if "litellm_provider" in entry)


def _window(name: str, entry: Mapping[str, Any]) -> int | None:
    window = entry.get("window")
    if window is not None and (type(window) is not int or window < 1):
        raise ValueError(f"models.{name!r}: window must be a number of tokens, not {window!r}.")
    return window


def _price(name: str, entry: Mapping[str, Any]) -> tuple[float, float] | None:
    given = [entry.get(key) for key in _OVERRIDES[1:]]
    if given == [None, None]:
        return None
    for key, price in zip(_OVERRIDES[1:], given, strict=True):
        # NaN is neither: it would make every budget pass.
        if type(price) not in {int, float} or not 0 <= float(price or 0) < float("inf"):
            raise ValueError(f"models.{name!r}: {key} must be US dollars per million tokens, not {price!r}.")
    return float(given[0] or 0), float(given[1] or 0)


def _from_table(name: str) -> ModelFacts:
    provider, _, short = name.partition("/")
    entry = _table().get(name)
    if entry is None:
        # Some providers' models stand there without their provider's name; one of another provider costs another price.
        entry = _table().get(short, {})
        if not str(entry.get("litellm_provider", "")).startswith(provider):
            return ModelFacts()
    if entry.get("mode") not in _MODES:
        return ModelFacts()
    return ModelFacts(
        window=_tokens(entry.get("max_input_tokens")),
        price=_table_price(entry, free=provider in KEYLESS),
        thinks=_thinks(name, entry),
        system=entry.get("supports_system_messages") is not False,
        max_output=_tokens(entry.get("max_output_tokens")),
    )


def _table_price(entry: Mapping[str, Any], *, free: bool) -> tuple[float, float] | None:
    rates = (entry.get("input_cost_per_token"), entry.get("output_cost_per_token"))
    if not all(isinstance(rate, (int, float)) for rate in rates):
        return None
    # A provider's zero is a free tier or a preview; once that has ended, a budget that rests on it would not hold.
    if not any(rates) and not free:
        return None
    prompt, completion = (round(float(rate) * 1e6, 6) for rate in rates if rate is not None)
    return prompt, completion


def _thinks(name: str, entry: Mapping[str, Any]) -> bool:
    if not entry.get("supports_reasoning"):
        return False
    # Claude thinks when asked to, which we don't; but for its newest models, which always do.
    return "claude" not in name or bool(entry.get("thinking_always_on"))


def _tokens(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and value >= 1 else None


@cache
def _table() -> dict[str, dict[str, Any]]:
    """Read the table (25 ms, 3 MB); a damaged or missing one knows nothing."""
    spec = find_spec("litellm")  # finds the package without importing it
    if spec is None or spec.origin is None:
        return {}
    try:
        table = json.loads((Path(spec.origin).parent / _TABLE).read_bytes())
    except (OSError, ValueError):
        return {}
    return {name: entry for name, entry in table.items() if isinstance(entry, dict) and name != "sample_spec"}

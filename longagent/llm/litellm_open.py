"""From a name such as `anthropic/claude-sonnet-4-5` to a model behind LiteLLM."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from longagent.errors import UsageError
from longagent.llm.api_keys import read_key
from longagent.llm.dialect import thinking_tokens
from longagent.llm.limits import Limit
from longagent.llm.litellm_errors import key_hint
from longagent.llm.litellm_import import litellm
from longagent.llm.litellm_model import LiteLLMModel
from longagent.llm.prices import ModelFacts, facts, table_providers
from longagent.llm.profiles import profile_for
from longagent.llm.providers import KEYLESS, OURS, OWN_CREDENTIALS


async def open_litellm(
    model: str,
    *,
    window: int | None,
    concurrency: int | None,
    limits: dict[str, Limit] | None,
    call_timeout: float,
    offline: bool,
    config_dir: Path | None,
    overrides: Mapping[str, ModelFacts] | None,
) -> LiteLLMModel:
    """Return the model of a name `PROVIDER/NAME`, after making sure that there is a key. Nothing is sent.

    Raises:
        UsageError: LiteLLM does not know the provider, its key is missing, or nothing may leave this machine.
    """
    provider, _, short = model.partition("/")
    await check_provider(provider, short)
    if offline:
        raise UsageError(f"offline, but {model!r} is called over the network.", hint="Drop --offline, or use -m local.")
    # In a thread: a locked keyring waits for its user.
    key = await asyncio.to_thread(read_key, provider, config_dir=config_dir)
    if key is None and provider not in KEYLESS | OWN_CREDENTIALS:
        raise UsageError(f"{model!r} needs an API key.", hint=key_hint(provider))
    known = await asyncio.to_thread(facts, model, overrides)
    if known.max_output is None and thinking_tokens(short):
        # Not in the table: the name alone tells.
        known = replace(known, thinks=True)
    return LiteLLMModel(
        name=model,
        profile=profile_for(short, window=window, facts=known),
        api_key=None if key is None else key.value,
        system=known.system,
        max_output=known.max_output,
        concurrency=concurrency,
        limits=limits,
        timeout=call_timeout,
    )


async def check_provider(provider: str, short: str) -> None:
    """Refuse a provider that LiteLLM does not know.

    Args:
        provider: what stands before the slash.
        short: what stands behind it.

    Raises:
        UsageError: there is none of that name.
    """
    problem = f"no provider of models is named {provider!r}."
    # A slip in one of our own names is told at once, the others after three seconds of importing LiteLLM.
    close = get_close_matches(provider, OURS, n=1, cutoff=0.8)
    if close:
        raise UsageError(problem, hint=f"Did you mean '{close[0]}/{short}'?")
    if provider in await asyncio.to_thread(table_providers):
        return
    module = await litellm()
    known = {str(getattr(entry, "value", entry)) for entry in module.provider_list}
    if provider in known:
        return
    close = get_close_matches(provider, sorted(known | {*OURS}), n=3)
    names = " or ".join(f"'{name}/{short}'" for name in close)
    hint = (
        f"Did you mean {names}?"
        if close
        else f"On a server of your own: --base-url URL -m 'openai/{provider}/{short}'."
    )
    raise UsageError(problem, hint=hint)

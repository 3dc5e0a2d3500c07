"""From the name of an embedder to an embedder that can be called."""

import asyncio
from pathlib import Path

from longagent.errors import UsageError
from longagent.llm.base_url import is_loopback, is_openai, normal_base_url
from longagent.llm.embedding.embedder import Embedder
from longagent.llm.embedding.server import ServerEmbedder
from longagent.llm.open import OPENAI_URL
from longagent.llm.retries import DEFAULT, Policy
from longagent.llm.workers.found import Pool, find_pool

_NAMES = (
    "Embedders are named static, minilm, openai/NAME, PROVIDER/NAME, or with an embedder URL as its server names it."
)


async def open_embedder(
    name: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    openai_key: str | None = None,
    offline: bool = False,
    config_dir: Path | None = None,
    state_dir: Path | None = None,
    timeout: float = 300.0,  # noqa: ASYNC109 - of each request to come
    policy: Policy = DEFAULT,
) -> Embedder:
    """Return the embedder of a name. Nothing is sent.

    Args:
        name: `static`, `minilm`, `openai/NAME`, `PROVIDER/NAME` for what LiteLLM serves; with `base_url` the model's
            name on that server, also as `openai/NAME` or `vllm/NAME`.
        base_url: OpenAI-compatible server.
        api_key: for the server of `base_url`.
        openai_key: for api.openai.com, never sent anywhere else; `None`: the one stored in `config_dir`, if any.
        offline: refuse everything that is not on this machine.
        config_dir: where stored API keys are.
        state_dir: where it is kept which workers run: `vllm/NAME` without `base_url` are those.
        timeout: seconds for one request.
        policy: how often a request is tried again.

    Raises:
        UsageError: a name that is none, a key that is missing, or nothing may leave this machine.
        MissingExtraError: what it takes is not installed.
    """
    if name in {"static", "minilm"}:
        return await asyncio.to_thread(_on_this_machine, name)
    provider, slash, short = name.partition("/")
    if base_url is None and not (slash and short and provider):
        raise UsageError(f"no embedder is named {name!r}.", hint=_NAMES)
    if base_url is None and provider == "vllm" and state_dir is not None:
        workers = await asyncio.to_thread(find_pool, state_dir, short, task="embed")
        return _by_workers(name, workers, timeout=timeout, policy=policy)
    if base_url is not None or provider == "openai":
        served = short if provider in {"openai", "vllm"} and short else name
        return await _server(
            name,
            served,
            base_url,
            api_key=api_key,
            openai_key=openai_key,
            offline=offline,
            config_dir=config_dir,
            timeout=timeout,
            policy=policy,
        )
    if offline:
        raise UsageError(f"offline, but {name!r} is called over the network.", hint="Drop --offline, or --embedder.")
    return await _litellm(name, provider, config_dir=config_dir, timeout=timeout, policy=policy)


async def open_cross_encoder(
    name: str,
    *,
    base_url: str | None,
    api_key: str | None,
    offline: bool,
    state_dir: Path | None = None,
    timeout: float,  # noqa: ASYNC109 - of each request to come
) -> ServerEmbedder:
    """Return a model that scores texts for a query: `vllm/NAME` of our workers, or a name on a server. Nothing is sent.

    Raises:
        UsageError: there is no server, or it is not on this machine while offline.
    """
    provider, _, short = name.partition("/")
    if base_url is None and provider == "vllm" and short and state_dir is not None:
        return _by_workers(name, await asyncio.to_thread(find_pool, state_dir, short, task="rerank"), timeout=timeout)
    if base_url is None:
        raise UsageError(
            f"rerank is 'off', 'model', 'vllm/NAME', or the name of a model on the server of embedder_url, "
            f"not {name!r}.",
            hint="Set embedder_url.",
        )
    url = normal_base_url(base_url)
    if offline and not is_loopback(url):
        raise UsageError(f"offline, but {url} is not on this machine.", hint="Drop --offline, or rerank.")
    served = short if provider == "vllm" and short else name
    return ServerEmbedder(name=name, served=served, base_urls=[url], api_key=api_key, timeout=timeout)


def _by_workers(name: str, workers: Pool, *, timeout: float, policy: Policy = DEFAULT) -> ServerEmbedder:
    return ServerEmbedder(
        name=name,
        served=workers.served,
        base_urls=workers.base_urls,
        identity=workers.identity,
        timeout=timeout,
        policy=policy,
    )


def _on_this_machine(name: str) -> Embedder:
    if name == "static":
        from longagent.llm.embedding.static import StaticEmbedder

        return StaticEmbedder()
    from longagent.llm.embedding.minilm import MiniLmEmbedder

    return MiniLmEmbedder()


async def _server(
    name: str,
    served: str,
    base_url: str | None,
    *,
    api_key: str | None,
    openai_key: str | None,
    offline: bool,
    config_dir: Path | None,
    timeout: float,  # noqa: ASYNC109
    policy: Policy,
) -> Embedder:
    url = normal_base_url(base_url or OPENAI_URL)
    if offline and not is_loopback(url):
        raise UsageError(f"offline, but {url} is not on this machine.", hint="Drop --offline, or --embedder.")
    key = api_key if base_url else None
    if key is None and is_openai(url):
        key = openai_key or await _stored("openai", config_dir)
        if key is None:
            raise UsageError("OPENAI_API_KEY is not set.", hint="Set it, or run `longagent keys set openai`.")
    return ServerEmbedder(name=name, served=served, base_urls=[url], api_key=key, timeout=timeout, policy=policy)


async def _litellm(
    name: str,
    provider: str,
    *,
    config_dir: Path | None,
    timeout: float,  # noqa: ASYNC109
    policy: Policy,
) -> Embedder:
    from longagent.llm.embedding.litellm_embedder import LiteLLMEmbedder
    from longagent.llm.litellm_errors import key_hint
    from longagent.llm.litellm_open import check_provider
    from longagent.llm.providers import KEYLESS, OWN_CREDENTIALS

    await check_provider(provider, name.partition("/")[2])
    key = await _stored(provider, config_dir)
    if key is None and provider not in KEYLESS | OWN_CREDENTIALS:
        raise UsageError(f"{name!r} needs an API key.", hint=key_hint(provider))
    return LiteLLMEmbedder(name=name, api_key=key, timeout=timeout, policy=policy)


async def _stored(provider: str, config_dir: Path | None) -> str | None:
    from longagent.llm.api_keys import read_key

    # In a thread: a locked keyring waits for its user.
    key = await asyncio.to_thread(read_key, provider, config_dir=config_dir)
    return None if key is None else key.value

"""From the name of a model to a model that can be called."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from longagent.errors import ModelUnavailableError, UsageError
from longagent.events import Warned
from longagent.llm.base_url import is_loopback, is_openai, normal_base_url
from longagent.llm.client import Client
from longagent.llm.dialect import thinking_tokens
from longagent.llm.model import Profile
from longagent.llm.model_files.folder import find_model_file, models_folder
from longagent.llm.openai_server import OpenAIServer, clean_key
from longagent.llm.prices import ModelFacts, facts
from longagent.llm.profiles import profile_for
from longagent.llm.providers import OURS
from longagent.llm.refusals import unknown_model
from longagent.llm.server_info import ServedModel, served_models
from longagent.llm.workers.found import Pool, find_pool

if TYPE_CHECKING:
    from longagent.events import Emit
    from longagent.llm.limits import Limit
    from longagent.llm.model import Model

OPENAI_URL = "https://api.openai.com/v1"

_NAMES = "Models are named local, openai/NAME, vllm/NAME or, for any other provider, PROVIDER/NAME."


async def open_model(
    model: str | None,
    *,
    base_urls: Sequence[str] = (),
    api_key: str | None = None,
    openai_key: str | None = None,
    window: int | None = None,
    concurrency: int | None = None,
    limits: "dict[str, Limit] | None" = None,
    call_timeout: float = 300.0,
    offline: bool = False,
    threads: int | None = None,
    data_dir: Path,
    config_dir: Path | None = None,
    state_dir: Path | None = None,
    overrides: Mapping[str, ModelFacts] | None = None,
    emit: "Emit",
) -> "Model":
    """Return the model of a name, after making sure that its servers are there and serve it.

    Args:
        model: `local`, `local/NAME` of a model file, `openai/NAME`, `vllm/NAME`, or `PROVIDER/NAME` for what LiteLLM
            serves; `None` takes the one model the servers of `base_urls` serve, or `local` when there are none.
        base_urls: OpenAI-compatible servers, all serving the same model; `vllm/NAME` without any are our own workers.
        api_key: for the servers of `base_urls`.
        openai_key: for api.openai.com; never sent anywhere else. `None`: the one stored in `config_dir`, if any.
        window: tokens of prompt and reply together; `None`: as the server says, else by the model's name.
        concurrency: calls in flight; `None` leaves it to the model.
        limits: where a session keeps its fixed limits, so that `concurrency` holds for all its models at one endpoint.
        call_timeout: seconds for one call to a server; the embedded model is watched otherwise.
        offline: refuse every server that is not on this machine.
        threads: of the embedded model; `None`: as many as suit this machine.
        data_dir: where the weights of the embedded model are.
        config_dir: where stored API keys are; `None`: keys come from the environment only.
        state_dir: where it is kept which workers run; `None`: `vllm/NAME` needs `base_urls`.
        overrides: windows and prices that win over what tables say, by the model's name.
        emit: is told of progress while the embedded model is fetched and started.

    Raises:
        UsageError: the name, an address or the combination of both cannot be used, or a key is missing.
        ModelUnavailableError: a server cannot be reached.
        ModelRejectedError: a server does not serve the model, or wants another key.
    """
    urls = tuple(dict.fromkeys(map(normal_base_url, base_urls)))
    if model is None and not urls:
        model = "local"
    if model == "local" or (model or "").startswith("local/"):
        if concurrency is not None:
            emit(Warned(message="the embedded model answers one call at a time; --concurrency does nothing for it"))
        if urls:
            raise UsageError(
                f"{model!r} runs inside longagent and has no base URL.", hint="Drop --model or --base-url."
            )
        from longagent.llm.embedded import start_embedded

        gguf = await asyncio.to_thread(embedded_file, model or "local", data_dir=data_dir)
        return await start_embedded(
            data_dir=data_dir, offline=offline, window=window, emit=emit, gguf=gguf, threads=threads
        )
    if model is not None and not urls and _is_of_another_provider(model):
        from longagent.llm.litellm_open import open_litellm

        return await open_litellm(
            model,
            window=window,
            concurrency=concurrency,
            limits=limits,
            call_timeout=call_timeout,
            offline=offline,
            config_dir=config_dir,
            overrides=overrides,
        )
    served = None if model is None else _served_name(model)
    workers = None
    if not urls:
        workers = await _workers(model or "", state_dir)
        urls = workers.base_urls if workers else (OPENAI_URL,)
    if offline:
        _refuse_remote(urls)
    if clean_key(openai_key) is None and all(map(is_openai, urls)):
        openai_key = await _stored_openai_key(config_dir)
    key = _key_for(urls, api_key=api_key, openai_key=openai_key, given=bool(base_urls))
    # OpenAI's own list is not asked: a key may be allowed to call a model and still not to list them.
    listed = await _common_models(urls, key, emit=emit) if base_urls else None
    chosen = ServedModel(workers.served, workers.window, "vllm") if workers else _choose(served, urls, listed)
    name = model or f"openai/{chosen.id}"
    own = (overrides or {}).get(name, ModelFacts())
    # A server of one's own may give any name to any model: only what the user says about it holds.
    tabled = name.startswith("vllm/") or all(map(is_openai, urls))
    known = await asyncio.to_thread(facts, name, overrides) if tabled else own
    called = workers.model if workers else chosen.id
    profile = profile_for(called, window=window or own.window or chosen.window, facts=known)
    return OpenAIServer(
        name=name,
        served=chosen.id,
        base_urls=urls,
        profile=_known_to_be(workers, profile) if workers else profile,
        engine=chosen.engine,
        api_key=key,
        concurrency=concurrency,
        limits=limits,
        timeout=call_timeout,
    )


def embedded_file(model: str, *, data_dir: Path) -> Path | None:
    """Return the model file that `local` or `local/NAME` means; `None` for the one that comes along.

    Raises:
        UsageError: there is none of that name.
    """
    from longagent.llm.embedded import SMOLLM2

    name = model.removeprefix("local").removeprefix("/")
    # By whatever name: it is fetched where it is missing, and checked.
    if name.removesuffix(".gguf") in {"", SMOLLM2.filename.removesuffix(".gguf")}:
        return None
    path = find_model_file(name, data_dir=data_dir)
    own = models_folder(data_dir) / SMOLLM2.filename
    return None if path.resolve() == own.resolve() else path


def _is_of_another_provider(model: str) -> bool:
    provider, _, name = model.partition("/")
    return bool(provider and name) and provider not in OURS


def _served_name(model: str) -> str:
    """Return NAME of `openai/NAME` and `vllm/NAME`."""
    provider, slash, name = model.partition("/")
    if provider in {"openai", "vllm"} and name:
        return name
    if not slash:
        if model.startswith(("gpt-", "o1", "o3", "o4")):
            raise UsageError(f"no model is named {model!r}.", hint=f"Did you mean 'openai/{model}'?")
        close = get_close_matches(model, ["local"], n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"{_NAMES} On a server of --base-url: 'openai/{model}'."
        raise UsageError(f"no model is named {model!r}.", hint=hint)
    close = get_close_matches(provider, OURS, n=1)
    if not name or close:
        hint = f"Did you mean '{close[0]}/{name or 'NAME'}'?" if close else _NAMES
        raise UsageError(f"no model is named {model!r}.", hint=hint)
    raise UsageError(
        f"{model!r} is no name for a model on a server of yours.",
        hint=f"Write 'openai/{model}', or drop --base-url to call {provider} itself.",
    )


async def _workers(model: str, state_dir: Path | None) -> Pool | None:
    """Return the workers that serve `vllm/NAME`; `None` for a model that is not named so."""
    provider, _, name = model.partition("/")
    if provider != "vllm":
        return None
    if state_dir is None:
        raise UsageError(f"{model!r} needs a running server.", hint="Pass --base-url.")
    return await asyncio.to_thread(find_pool, state_dir, name)


def _known_to_be(workers: Pool, profile: Profile) -> Profile:
    """Return what is known about workers, whose model may have another name than the one they serve it under."""
    thinking = profile.thinking_tokens or min(thinking_tokens(workers.model), profile.window // 4)
    return replace(profile, identity=workers.identity, thinking_tokens=thinking)


def _refuse_remote(urls: Sequence[str]) -> None:
    for url in urls:
        if not is_loopback(url):
            raise UsageError(f"offline, but {url} is not on this machine.", hint="Drop --offline, or use -m local.")


def _key_for(urls: Sequence[str], *, api_key: str | None, openai_key: str | None, given: bool) -> str | None:
    """Return the key for these addresses, which the user gave or which are the default."""
    # The OpenAI key lies in many environments for other programs: only OpenAI itself may ever see it. And a key meant
    # for a server of one's own must not go to OpenAI because its address was forgotten.
    key = clean_key(api_key) if given else None
    if key is None and all(map(is_openai, urls)):
        key = clean_key(openai_key)
        if key is None:
            raise UsageError(
                "OPENAI_API_KEY is not set.",
                hint="Set it, run `longagent keys set openai`, or use -m local, which needs no key.",
            )
    return key


async def _stored_openai_key(config_dir: Path | None) -> str | None:
    if config_dir is None:
        return None
    from longagent.llm.api_keys import read_key

    # The environment is the caller's to read: a library's user may have chosen not to.
    key = await asyncio.to_thread(read_key, "openai", config_dir=config_dir, environ={})
    return None if key is None else key.value


async def _common_models(urls: Sequence[str], key: str | None, *, emit: "Emit") -> tuple[ServedModel, ...] | None:
    """Return the models that every server serves, each with its smallest window; `None` when a server has no list.

    One of several that cannot be reached is passed over: it gets its calls when it is there.
    """
    common: dict[str, ServedModel] | None = None
    lost: list[ModelUnavailableError] = []
    async with Client(urls) as client:
        for url in urls:
            try:
                listing = await served_models(client, url, key=key)
            except ModelUnavailableError as error:
                lost.append(error)
                continue
            if listing is None:
                return None
            here = {model.id: model for model in listing}
            common = here if common is None else {i: _smaller(common[i], here[i]) for i in common if i in here}
    if len(lost) == len(urls):
        raise lost[0]
    for passed_over in lost:
        emit(Warned(message=f"{passed_over.message} The others answer meanwhile."))
    return tuple((common or {}).values())


def _smaller(one: ServedModel, other: ServedModel) -> ServedModel:
    windows = [window for window in (one.window, other.window) if window is not None]
    return ServedModel(one.id, min(windows, default=None), one.engine if one.engine == other.engine else None)


def _choose(served: str | None, urls: Sequence[str], listed: Sequence[ServedModel] | None) -> ServedModel:
    server = " and ".join(urls)
    if served is not None:
        if listed is None:
            return ServedModel(served, None)
        found = next((model for model in listed if model.id == served), None)
        if found is None:
            raise unknown_model(served, server=server, listed=[model.id for model in listed])
        return found
    if listed is not None and len(listed) == 1:
        return listed[0]
    if not listed:
        raise UsageError(f"{server} does not say which models it serves.", hint="Name one with --model openai/NAME.")
    names = ", ".join(model.id for model in listed[:8])
    more = f" and {len(listed) - 8} more" if len(listed) > 8 else ""
    raise UsageError(
        f"{server} serves more than one model: {names}{more}.", hint="Choose one with --model openai/NAME."
    )

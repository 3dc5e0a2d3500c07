"""From the name of a model to a model that can be called."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from longagent.errors import UsageError
from longagent.events import Warned
from longagent.llm.base_url import is_loopback, is_openai, normal_base_url
from longagent.llm.clients import Clients
from longagent.llm.openai_server import OpenAIServer, clean_key
from longagent.llm.profiles import profile_for
from longagent.llm.refusals import unknown_model
from longagent.llm.server_info import ServedModel, served_models

if TYPE_CHECKING:
    from longagent.events import Emit
    from longagent.llm.model import Model

OPENAI_URL = "https://api.openai.com/v1"

_NAMES = "Models are named local, openai/NAME or vllm/NAME."


async def open_model(
    model: str | None,
    *,
    base_urls: Sequence[str] = (),
    api_key: str | None = None,
    openai_key: str | None = None,
    window: int | None = None,
    concurrency: int | None = None,
    offline: bool = False,
    data_dir: Path,
    emit: "Emit",
) -> "Model":
    """Return the model of a name, after making sure that its servers are there and serve it.

    Args:
        model: `local`, `local/FILE.gguf`, `openai/NAME` or `vllm/NAME`; `None` takes the one model the servers of
            `base_urls` serve, or `local` when there are none.
        base_urls: OpenAI-compatible servers, all serving the same model.
        api_key: for the servers of `base_urls`.
        openai_key: for api.openai.com; never sent anywhere else.
        window: tokens of prompt and reply together; `None`: as the server says, else by the model's name.
        concurrency: calls in flight; `None` leaves it to the model.
        offline: refuse every server that is not on this machine.
        data_dir: where the weights of the embedded model are.
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
        return await _open_embedded(model or "local", urls, window, offline=offline, data_dir=data_dir, emit=emit)
    served = None if model is None else _served_name(model)
    if not urls:
        urls = _default_urls(model or "")
    if offline:
        _refuse_remote(urls)
    key = _key_for(urls, api_key=api_key, openai_key=openai_key, given=bool(base_urls))
    # OpenAI's own list is not asked: a key may be allowed to call a model and still not to list them.
    listed = await _common_models(urls, key) if base_urls else None
    chosen = _choose(served, urls, listed)
    return OpenAIServer(
        name=model or f"openai/{chosen.id}",
        served=chosen.id,
        base_urls=urls,
        profile=profile_for(chosen.id, window=window or chosen.window),
        api_key=key,
        concurrency=concurrency,
    )


async def _open_embedded(
    model: str, urls: Sequence[str], window: int | None, *, offline: bool, data_dir: Path, emit: "Emit"
) -> "Model":
    if urls:
        raise UsageError(f"{model!r} runs inside longagent and has no base URL.", hint="Drop --model or --base-url.")
    from longagent.llm.embedded import start_embedded

    file = model.removeprefix("local").removeprefix("/")
    gguf = Path(file) if file else None
    return await start_embedded(data_dir=data_dir, offline=offline, window=window, emit=emit, gguf=gguf)


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
    close = get_close_matches(provider, ["openai", "vllm", "local"], n=1)
    if not name or close:
        hint = f"Did you mean '{close[0]}/{name or 'NAME'}'?" if close else _NAMES
        raise UsageError(f"no model is named {model!r}.", hint=hint)
    raise UsageError(
        f"{model!r} cannot be used yet: models of other providers come through LiteLLM in a later release.",
        hint="Today: local, openai/NAME, vllm/NAME, or any OpenAI-compatible server with --base-url.",
    )


def _default_urls(model: str) -> tuple[str, ...]:
    provider, _, name = model.partition("/")
    if provider == "vllm":
        raise UsageError(
            f"{model!r} needs a running server: longagent does not start workers yet.",
            hint=f"Start it with `vllm serve {name}` and pass --base-url http://127.0.0.1:8000/v1.",
        )
    return (OPENAI_URL,)


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
            raise UsageError("OPENAI_API_KEY is not set.", hint="Set it, or use -m local, which needs no key.")
    return key


async def _common_models(urls: Sequence[str], key: str | None) -> tuple[ServedModel, ...] | None:
    """Return the models that every server serves, each with its smallest window; `None` when a server has no list."""
    common: dict[str, ServedModel] | None = None
    async with Clients(urls) as clients:
        for url in urls:
            listing = await served_models(clients, url, key=key)
            if listing is None:
                return None
            here = {model.id: model for model in listing}
            common = here if common is None else {i: _smaller(common[i], here[i]) for i in common if i in here}
    return tuple((common or {}).values())


def _smaller(one: ServedModel, other: ServedModel) -> ServedModel:
    windows = [window for window in (one.window, other.window) if window is not None]
    return ServedModel(one.id, min(windows, default=None))


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

"""Every knob, once. Precedence: call argument or flag > LONGAGENT_* > longagent.toml > the user's config > default."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args

from longagent.answer import Verify
from longagent.errors import UsageError

_PROJECT_FILE = "longagent.toml"
_PROJECT_KEYS = frozenset({"strategy", "window", "concurrency", "seed", "retriever"})
_PROJECT_VERIFY = "strict"
_SECRETS = frozenset({"api_key", "openai_api_key", "embedder_api_key"})
"""Keys, which are refused in files."""

RetrieverName = Literal["auto", "bm25", "dense", "hybrid"]


def _folder(kind: str) -> Path:
    import platformdirs

    folder: Path = getattr(platformdirs, f"user_{kind}_path")("longagent")
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a session runs with. Build it with `resolve`, which fills in environment, files and defaults."""

    model: str | None = None
    """`local`, `local/FILE`, `openai/NAME`, `vllm/NAME`, `PROVIDER/NAME`; `None`: the base URL's only model, else
    `local`; `auto`: the same, but before `local` comes what workers serve."""
    base_url: tuple[str, ...] = ()
    """OpenAI-compatible servers, all of the same model."""
    strategy: str = "auto"
    window: int | None = None
    """Tokens of prompt and reply together; `None`: what the model has."""
    concurrency: int | None = None
    """Calls in flight; `None`: chosen by us."""
    threads: int | None = None
    """Of the embedded model; `None`: the cores this process may use."""
    seed: int | None = None
    verify: Verify = "mark"
    """What becomes of what cannot be verified: `strict`, `mark`, `off`."""
    retriever: RetrieverName = "auto"
    """What ranks chunks: `bm25` by words, `dense` by meaning, `hybrid` by both; `auto`: `hybrid` where the embedder is
    there and knows the language, else `bm25`, as with the model `local`."""
    embedder: str = "static"
    """`static`, `minilm`, `openai/NAME`, `PROVIDER/NAME`; on the server of `embedder_url`, the name it has there."""
    embedder_url: str | None = None
    """OpenAI-compatible server of the embedder."""
    rerank: str = "off"
    """Whether the best chunks are put in order once more: `off`; `model`: by the session's model; else by a
    cross-encoder of that name on the server of `embedder_url`."""
    role_model: Mapping[str, str] = field(default_factory=dict)
    """Models for single roles of a strategy; the others are played by `model`."""
    max_calls: int | None = None
    max_total_tokens: int | None = None
    """Tokens of prompts and replies together."""
    max_cost: float | None = None
    """US dollars."""
    timeout: float | None = None
    """Seconds for the whole question, reading the documents included."""
    call_timeout: float = 300.0
    """Seconds for one attempt at one call."""
    retries: int = 5
    """Further attempts at a call that met a passing trouble: rate limit, overload, silence, a broken connection."""
    cache: bool = True
    """Whether replies are taken from the cache and kept there; likewise indexes of documents."""
    cache_only: bool = False
    """Make no call: take every reply from the cache."""
    cache_mb: int = 512
    """Most megabytes of replies the cache keeps, and of indexes; those used least recently go first."""
    checkpoints: str | None = field(default=None, repr=False)
    """Postgres URL under which LangGraph's checkpoints are kept; `None`: beside the run's journal."""
    trace: Path | None = None
    """File to which every event is appended, one JSON object a line."""
    tracing: tuple[str, ...] = ()
    """Where else runs are traced: `otel`, `langsmith`, `langfuse`."""
    models: Mapping[str, Any] = field(default_factory=dict)
    """What the user knows better about models: `window`, `input_price`, `output_price` by name."""
    offline: bool = False
    """Refuse every connection that leaves this machine."""
    strict_sources: bool = False
    """Whether one source that cannot be read is an error, where others can be."""
    api_key: str | None = field(default=None, repr=False)
    """Sent to the servers of `base_url`, never elsewhere."""
    openai_api_key: str | None = field(default=None, repr=False)
    """Sent to api.openai.com, never elsewhere."""
    password: str | None = field(default=None, repr=False)
    """Opens documents that are encrypted; goes nowhere but to the process that reads them. With it no index is kept."""
    ocr: bool = True
    """Whether pages without text are read by OCR, if the extra `ocr` is installed."""
    vllm_python: Path | None = None
    """Python of the environment in which vLLM is installed, for workers; `None`: `vllm` on PATH, else our own."""
    embedder_api_key: str | None = field(default=None, repr=False)
    """Sent to the server of `embedder_url`, never elsewhere."""
    cache_dir: Path = field(default_factory=lambda: _folder("cache"))
    data_dir: Path = field(default_factory=lambda: _folder("data"))
    """Model weights."""
    config_dir: Path = field(default_factory=lambda: _folder("config"))
    """The user's configuration, and API keys where there is no keyring."""
    state_dir: Path = field(default_factory=lambda: _folder("state"))
    """Journals, runs, workers."""

    @classmethod
    def resolve(cls, **given: Any) -> "Settings":
        """Combine what the caller gave with environment and files; `None` means not given.

        Raises:
            UsageError: a value or a file that cannot be read, saying where it came from.
        """
        values: dict[str, Any] = {}
        for source in (_from_file(_user_file(given)), _from_file(Path(_PROJECT_FILE)), _from_environment(os.environ)):
            values |= source
        for key, value in given.items():
            _check_known(key)
            if value is not None:
                values[key] = _parse(key, value, "argument")
        # The embedded model has no server: what the caller gave wins over the other half in environment or files.
        if is_embedded(values.get("model")) and "base_url" in values:
            if given.get("base_url") is None:
                del values["base_url"]
            elif given.get("model") is None:
                del values["model"]
        if values.get("cache_only") and not values.get("cache", True):
            raise UsageError("cache_only takes every reply from the cache, which is switched off.", hint="Drop one.")
        return cls(**values)

    @property
    def embedded(self) -> bool:
        """Whether the model runs in a child process of ours, with no server to be asked."""
        return not self.base_url if self.model is None else is_embedded(self.model)


def is_embedded(model: str | None) -> bool:
    """Return whether a name is of the embedded model, or of a model file."""
    return model is not None and (model == "local" or model.startswith("local/"))


def _check_known(key: str) -> None:
    known = [item.name for item in fields(Settings)]
    if key not in known:
        close = get_close_matches(key, known, n=1)
        raise UsageError(f"There is no option {key!r}.", hint=f"Did you mean {close[0]!r}?" if close else "")


def _integer(value: Any) -> int:
    if isinstance(value, bool) or int(value) <= 0:
        raise ValueError
    return int(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or int(value) < 0:
        raise ValueError
    return int(value)


def _seed(value: Any) -> int:
    return int(value)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[str(value).lower()]


def _words(value: Any) -> tuple[str, ...]:
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    return tuple(str(item) for item in items)


def _amount(value: Any) -> float:
    amount = float(value)
    if isinstance(value, bool) or not 0 < amount < inf:
        raise ValueError
    return amount


def _pairs(value: Any) -> dict[str, str]:
    """Read `role=model` pairs, in a text or one by one, or a mapping."""
    if isinstance(value, Mapping):
        return {str(role): str(model) for role, model in value.items()}
    pairs = [pair.partition("=") for pair in _words(value)]
    if not all(role and model for role, _, model in pairs):
        raise ValueError
    return {role: model for role, _, model in pairs}


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return parse


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


_CHOICES: Mapping[str, tuple[str, ...]] = {"verify": get_args(Verify), "retriever": get_args(RetrieverName)}

_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "base_url": _words,
    "role_model": _pairs,
    **{key: _one_of(choices) for key, choices in _CHOICES.items()},
    "max_calls": _integer,
    "max_total_tokens": _integer,
    "max_cost": _amount,
    "timeout": _amount,
    "call_timeout": _amount,
    "retries": _count,
    "cache": _flag,
    "cache_only": _flag,
    "cache_mb": _integer,
    "trace": lambda value: Path(value).expanduser(),
    "tracing": _words,
    "models": _table,
    "window": _integer,
    "concurrency": _integer,
    "threads": _integer,
    "seed": _seed,
    "offline": _flag,
    "ocr": _flag,
    "strict_sources": _flag,
    "vllm_python": lambda value: Path(value).expanduser(),
    "cache_dir": lambda value: Path(value).expanduser(),
    "data_dir": lambda value: Path(value).expanduser(),
    "config_dir": lambda value: Path(value).expanduser(),
    "state_dir": lambda value: Path(value).expanduser(),
}


def _parse(key: str, value: Any, where: str) -> Any:
    try:
        return _PARSERS.get(key, str)(value)
    except (ValueError, KeyError, TypeError):
        hint = f"One of: {', '.join(_CHOICES[key])}." if key in _CHOICES else ""
        raise UsageError(f"{key} = {value!r} ({where}) is not a valid value.", hint=hint) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    names = {f"LONGAGENT_{item.name.upper()}": item.name for item in fields(Settings)}
    names["LONGAGENT_OPENAI_API_KEY"] = names["OPENAI_API_KEY"] = "openai_api_key"
    found = {key: (name, environment[name]) for name, key in names.items() if environment.get(name)}
    return {key: _parse(key, value, name) for key, (name, value) in found.items()}


def _user_file(given: Mapping[str, Any]) -> Path:
    folder = given.get("config_dir") or os.environ.get("LONGAGENT_CONFIG_DIR") or _folder("config")
    return Path(folder).expanduser() / "config.toml"


def _from_file(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    known = {item.name for item in fields(Settings)}
    for key in table:
        if key not in known:
            raise UsageError(
                f"{path}: unknown setting {key!r}.",
                hint=f"Known: {', '.join(sorted(known - _SECRETS - {'password'}))}.",
            )
        if key == "password":
            raise UsageError(f"{path}: passwords do not belong in files.", hint="Use LONGAGENT_PASSWORD.")
        if key in _SECRETS:
            name = "OPENAI_API_KEY" if key == "openai_api_key" else f"LONGAGENT_{key.upper()}"
            raise UsageError(f"{path}: keys do not belong in files.", hint=f"Use {name}.")
        # A folder from a stranger must not choose who reads the documents, what it costs, or where files are kept.
        if path.name == _PROJECT_FILE and key not in _PROJECT_KEYS and (key, table[key]) != ("verify", _PROJECT_VERIFY):
            raise UsageError(
                f"{path}: {key} is not read from a project file.", hint="Set it in the user's config.toml."
            )
    return {key: _parse(key, value, str(path)) for key, value in table.items()}

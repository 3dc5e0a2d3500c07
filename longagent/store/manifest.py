"""What a run was asked, in a form that can be asked again."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from longagent.settings import Settings

# Secrets, and what may differ the next time without making it another run.
_SECRETS = frozenset({"api_key", "openai_api_key", "embedder_api_key", "checkpoints", "password"})
_MAY_DIFFER = frozenset(
    {
        "max_calls",
        "max_total_tokens",
        "max_cost",
        "timeout",
        "cache",
        "cache_only",
        "retries",
        "call_timeout",
        "threads",
        "vllm_python",
    }
) | frozenset({"strategy", "models", "trace", "tracing", "cache_dir", "config_dir", "data_dir", "state_dir"})


def manifest(
    settings: Settings, strategy_settings: Mapping[str, Any], sources: Sequence[str | Path | None], *, model: str | None
) -> dict[str, Any]:
    """Return what a person wants to see of a run, and what asking it again needs; plain JSON without secrets or text.

    `sources` are paths, and `None` for what was no path. Then the record's are `None`, as they are when the model was
    an object (`model` is its name): such a run cannot be asked again from the command line.
    """
    paths = [source for source in sources if source is not None]
    again = model is None and len(paths) == len(sources) and "-" not in paths
    default = Settings()
    options = {
        item.name: getattr(settings, item.name) for item in fields(Settings) if item.name not in _SECRETS | _MAY_DIFFER
    }
    return {
        "sources": [str(path) for path in paths] if again else None,
        "folder": str(Path.cwd()),
        "settings": {key: str(value) for key, value in strategy_settings.items()},
        "options": {key: _plain(value) for key, value in options.items() if value != getattr(default, key)}
        | ({} if model is None else {"model": model}),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value

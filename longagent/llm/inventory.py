"""What can answer here now: without opening a model, and without asking anybody."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from longagent.errors import UsageError
from longagent.llm.api_keys import list_keys
from longagent.llm.embedded.header import read_header
from longagent.llm.embedded.weights import SMOLLM2
from longagent.llm.model_files.folder import ModelFile, model_files, models_folder
from longagent.llm.open import embedded_file
from longagent.llm.workers.found import settled
from longagent.llm.workers.record import Worker, pools, read_workers
from longagent.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model file, and what its header says; `None` where that cannot be read."""

    file: ModelFile
    parameters: int | None
    window: int | None
    """Tokens it was trained for."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        file = self.file
        told = {"sha256": file.sha256, "source": file.source, "licence": file.licence}
        sizes = {"bytes": file.size, "parameters": self.parameters, "trained_window": self.window}
        return {"model": f"local/{file.name}", "path": str(file.path), **sizes, **told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What can answer here now."""

    folder: str
    model: str | None
    """As it is configured; `None`: nothing is."""
    answers: str
    """What that comes to, in words."""
    bundled: Literal["there", "missing", "damaged"]
    """State of the small model that comes along."""
    files: tuple[Listed, ...]
    """Model files besides."""
    workers: tuple[Worker, ...]
    """Those whose process lives."""
    keys: Mapping[str, str]
    """Where the key of each provider is; never what it is."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        small = {"model": "local", "file": SMOLLM2.filename, "state": self.bundled}
        return {
            "folder": self.folder,
            "configured": {"model": self.model, "answers": self.answers},
            "bundled": {**small, "bytes": SMOLLM2.size, "sha256": SMOLLM2.sha256},
            "files": [each.to_dict() for each in self.files],
            "workers": [_worker_dict(worker) for worker in self.workers],
            "keys": dict(self.keys),
        }


def inventory(settings: Settings) -> Inventory:
    """Return what can answer here now. Blocks: the small model is checked bit by bit, in 0.1 s.

    Raises:
        UsageError: stored keys cannot be read, or by others too.
    """
    folder = models_folder(settings.data_dir)
    own = folder / SMOLLM2.filename
    keys = list_keys(config_dir=settings.config_dir)
    if settings.api_key:
        keys["the servers of --base-url"] = "LONGAGENT_API_KEY"
    return Inventory(
        folder=str(folder),
        model=settings.model,
        answers=_answers(settings, keys),
        bundled="there" if SMOLLM2.match(own) else "damaged" if own.exists() else "missing",
        files=tuple(_listed(file) for file in model_files(folder) if file.path != own),
        workers=tuple(worker for worker in read_workers(settings.state_dir) if worker.lives),
        keys=keys,
    )


def _listed(file: ModelFile) -> Listed:
    with suppress(UsageError, OSError):
        header = read_header(file.path)
        # The header of a first part counts its own part only.
        parameters = header.parameters if header.parts == 1 else None
        return Listed(file=file, parameters=parameters, window=header.trained_window)
    return Listed(file=file, parameters=None, window=None)


def _answers(settings: Settings, keys: Mapping[str, str]) -> str:
    """Return in words what the configured model comes to."""
    try:
        settings = settled(settings)
        model = settings.model or ("the one model" if settings.base_url else "local")
        if settings.embedded:
            path = embedded_file(model, data_dir=settings.data_dir)
            return f"the small model that comes along, {SMOLLM2.filename}" if path is None else str(path)
    except UsageError as error:
        return str(error)
    provider, _, name = model.partition("/")
    if settings.base_url and provider in {"the one model", "openai", "vllm"}:
        return f"{name or model} on {' and '.join(settings.base_url)}"
    if provider == "vllm":
        count = len(pools(read_workers(settings.state_dir), served=name).get(name, ()))
        return f"{name} on {count or 'no'} worker{'s'[: count != 1]}"
    where = "api.openai.com" if provider == "openai" else provider
    return f"{name} of {where}, {'with a' if provider in keys else 'but there is no'} key for it"


def _worker_dict(worker: Worker) -> dict[str, Any]:
    told = {"name": worker.name, "model": worker.model, "task": worker.task, "url": worker.url}
    return {"served": f"vllm/{worker.served}", **told, "window": worker.window, "ready": worker.ready}

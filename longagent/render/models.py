"""What can answer here, as lines."""

from collections.abc import Iterator

from longagent.llm.embedded.weights import SMOLLM2
from longagent.llm.inventory import Inventory, Listed
from longagent.llm.workers.record import Worker
from longagent.render.columns import columns

_BUNDLED = {
    "there": "comes along; here, checksum right",
    "missing": "comes along; not fetched yet: longagent models pull",
    "damaged": "comes along; damaged: longagent models pull",
}


def inventory_lines(found: Inventory) -> list[str]:
    """Return a table of models, and around it what is configured and which keys there are."""
    head = [("configured", found.model or "nothing"), ("answers", found.answers), ("folder", found.folder)]
    table = [("model", "size", "parameters", "window", ""), _bundled(found), *map(_file, found.files)]
    table += map(_worker, found.workers)
    keys = ", ".join(f"{provider} ({source})" for provider, source in found.keys.items())
    return [*columns(head), "", *columns(table, right=(1, 2, 3)), "", *columns([("keys", keys or "none")])]


def how_many(parameters: int | None) -> str:
    """Return a number of parameters as people name models by it."""
    if parameters is None:
        return "?"
    return f"{parameters / 1e9:.1f}B" if parameters >= 1e9 else f"{parameters / 1e6:.0f}M"


def _bundled(found: Inventory) -> tuple[str, ...]:
    return ("local", _size(SMOLLM2.size), "135M", "8,192", _BUNDLED[found.bundled])


def _file(listed: Listed) -> tuple[str, ...]:
    file = listed.file
    window = "?" if listed.window is None else f"{listed.window:,}"
    about = ", ".join(_about(listed))
    return (f"local/{file.name}", _size(file.size), how_many(listed.parameters), window, about)


def _about(listed: Listed) -> Iterator[str]:
    yield listed.file.source or "put there by hand"
    if listed.file.licence:
        yield listed.file.licence
    if listed.window is None:
        yield "cannot be read"


def _worker(worker: Worker) -> tuple[str, ...]:
    window = "?" if worker.window is None else f"{worker.window:,}"
    state = worker.url if worker.ready else "starting"
    task = "" if worker.task == "chat" else f", {worker.task}"
    return (f"vllm/{worker.served}", "", "", window, f"worker {worker.name}{task}: {state}")


def _size(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"

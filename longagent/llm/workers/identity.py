"""What decides a worker's replies: its model, the weights in a folder, and the flags it was started with."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path


def identity_of(source: str, flags: Sequence[str]) -> str:
    """Return what is the same for workers that reply alike.

    Args:
        source: for vLLM: a name of the hub, or the path of a folder.
        flags: what the user had vLLM told besides, such as a quantization.
    """
    folder = Path(source)
    weights: list[tuple[str, int, int]] = []
    if folder.is_absolute():
        # Not their content: gigabytes would be read at every start.
        stats = [(path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file()]
        weights = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    if not weights and not flags:
        return source
    return f"{source} {sha256(json.dumps([weights, list(flags)]).encode()).hexdigest()[:16]}"

"""A model file of the user's own: whether it is one, and which."""

import glob
import hashlib
import re
from pathlib import Path

from longagent.errors import UsageError
from longagent.llm.embedded.header import Header


def model_file(path: Path) -> Path:
    """Return the path of a model file that looks like one.

    Raises:
        UsageError: it is missing, cannot be read, or is of another kind.
    """
    path = path.expanduser()
    hint = "Give the path of a GGUF model file: -m local/PATH.gguf."
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UsageError(f"cannot read the model file {path}: {error.strerror or error}.", hint=hint) from error
    if magic != b"GGUF":
        raise UsageError(f"{path} is not a GGUF model file.", hint=hint)
    return path


def whole_size(path: Path, header: Header) -> int:
    """Return the bytes of a model: of all its files, where it comes in parts."""
    if header.parts == 1:
        return path.stat().st_size
    pattern = re.sub(r"-\d{5}(?=-of-\d{5}\.gguf$)", "-?????", glob.escape(path.name))
    return sum(part.stat().st_size for part in path.parent.glob(pattern))


def fingerprint(path: Path) -> str:
    """Return what tells a model file from all others that are likely to be met."""
    # Hashing gigabytes would take longer than the model takes to start; another training changes every part.
    size, part = path.stat().st_size, 2**20
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for start in (0, size // 2, max(0, size - part)):
            file.seek(start)
            digest.update(file.read(part))
    return digest.hexdigest()

"""The secret of an installation: what is derived from it, nobody who writes a document can know."""

import logging
import os
from pathlib import Path
from secrets import token_bytes

_log = logging.getLogger("longagent")

_FILE = "secret"
_SIZE = 32


def install_secret(folder: Path) -> bytes:
    """Return the secret kept in a folder, 32 bytes, made on first use; only its owner can read it.

    Where it cannot be kept, one is made for this process, with a warning: replies remembered under it are found by
    nobody else.
    """
    path = folder / _FILE
    try:
        return _read(path) or _make(path)
    except OSError as error:
        _log.warning("No secret can be kept in %s: %s", folder, error)
        return _SPARE


_SPARE = token_bytes(_SIZE)


def _read(path: Path) -> bytes | None:
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        return None
    # One that was cut short is no secret.
    return secret if len(secret) == _SIZE else None


def _make(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = path.with_name(f"{_FILE}.{os.getpid()}.{token_bytes(4).hex()}")
    file = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(token_bytes(_SIZE))
        _put(made, path)
    finally:
        made.unlink(missing_ok=True)
    return _read(path) or _SPARE


def _put(made: Path, path: Path) -> None:
    """Put a new secret in its place, unless another process was faster."""
    try:
        path.hardlink_to(made)
    except FileExistsError:
        if _read(path) is None:
            made.replace(path)
    except OSError:  # a file system without links
        made.replace(path)

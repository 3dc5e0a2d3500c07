"""API keys: from the environment, the system's keyring, or a file only its owner can read. They are never shown."""

import json
import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from longagent.errors import UsageError
from longagent.llm.openai_server import clean_key
from longagent.llm.providers import key_variables

_SERVICE = "longagent"
_PROVIDER = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_KEYRING = "the system's keyring"


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and where it came from."""

    value: str = field(repr=False)
    source: str
    """For people: the name of a variable, the keyring, or a file."""


def read_key(provider: str, *, config_dir: Path | None, environ: Mapping[str, str] = os.environ) -> Key | None:
    """Return the key for a provider. May wait for the user to unlock the keyring: call it in a thread.

    Args:
        provider: as LiteLLM names it: what stands before the slash in a model's name.
        config_dir: the user's folder; `None` reads the environment only.
        environ: the environment.

    Raises:
        UsageError: the file of keys cannot be read, or others can read it too.
    """
    for variable in key_variables(provider):
        value = clean_key(environ.get(variable))
        if value is not None:
            return Key(value, variable)
    stored = {} if config_dir is None else _read_file(_file(config_dir))
    if config_dir is None or provider not in stored:
        return None
    value = stored[provider]
    if value is not None:
        return Key(value, str(_file(config_dir)))
    keyring = _keyring()
    with suppress(Exception):  # locked, or gone: there is no key then
        found = clean_key(keyring.get_password(_SERVICE, provider)) if keyring is not None else None
        return None if found is None else Key(found, _KEYRING)
    return None


def write_key(provider: str, value: str, *, config_dir: Path) -> str:
    """Remember a key, in the keyring if the system has one; return where it is now.

    Raises:
        UsageError: the provider's name or the key cannot be one, or the file of keys cannot be used.
    """
    _check(provider)
    cleaned = clean_key(value)
    if cleaned is None:
        raise UsageError("no key was given.")
    file = _file(config_dir)
    stored = _read_file(file)
    keyring = _keyring()
    if keyring is not None:
        with suppress(Exception):  # locked or read-only: then the file
            keyring.set_password(_SERVICE, provider, cleaned)
            _write_file(file, stored | {provider: None})
            return _KEYRING
    _write_file(file, stored | {provider: cleaned})
    return str(file)


def remove_key(provider: str, *, config_dir: Path) -> bool:
    """Forget a stored key; return whether there was one.

    Raises:
        UsageError: the file of keys cannot be used.
    """
    stored = _read_file(_file(config_dir))
    if provider not in stored:
        return False
    keyring = _keyring() if stored[provider] is None else None
    if keyring is not None:
        with suppress(Exception):  # it is no longer there
            keyring.delete_password(_SERVICE, provider)
    del stored[provider]
    _write_file(_file(config_dir), stored)
    return True


def list_keys(*, config_dir: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the providers that have a key, each with where it would be taken from.

    Raises:
        UsageError: the file of keys cannot be read, or others can read it too.
    """
    from longagent.llm.prices import table_providers

    stored = _read_file(_file(config_dir))
    found: dict[str, str] = {}
    for provider in sorted(stored.keys() | table_providers()):
        variable = next((name for name in key_variables(provider) if environ.get(name, "").strip()), None)
        if variable is not None:
            found[provider] = variable
        elif provider in stored:
            found[provider] = _KEYRING if stored[provider] is None else str(_file(config_dir))
    return found


def _check(provider: str) -> None:
    if not _PROVIDER.fullmatch(provider):
        # Not repeated: it may be the key, given in the wrong place.
        raise UsageError("that is no provider's name.", hint="Write it as in --model: anthropic, gemini, mistral, ….")


def _file(config_dir: Path) -> Path:
    return config_dir / "api-keys.json"


def _read_file(file: Path) -> dict[str, str | None]:
    """Return stored keys by provider; `None` for one that the keyring holds."""
    try:
        with file.open("rb") as opened:
            # Windows keeps the folder to its owner; its mode bits say nothing.
            if os.name == "posix" and stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                raise UsageError(f"{file} holds keys and can be read by others.", hint=f"Run: chmod 600 {file}")
            stored = json.load(opened)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError):
        raise UsageError(f"{file} cannot be read.", hint="Correct or delete it, and set the keys again.") from None
    if not isinstance(stored, dict) or not all(value is None or isinstance(value, str) for value in stored.values()):
        raise UsageError(f"{file} holds no keys as longagent writes them.", hint="Delete it, and set the keys again.")
    return stored


def _write_file(file: Path, stored: Mapping[str, str | None]) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Born with mode 600, and put in place at once: no moment when others could read it or half of it.
        with NamedTemporaryFile("w", dir=file.parent, prefix=".api-keys-", delete=False, encoding="utf-8") as draft:
            try:
                json.dump(dict(stored), draft, indent=2)
                draft.flush()
                os.fsync(draft.fileno())
                Path(draft.name).replace(file)
            except BaseException:
                Path(draft.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror or 'unknown error'}.") from None


def _keyring() -> Any:
    """Return the system's keyring if there is one that keeps secrets."""
    from importlib import import_module

    try:
        backend = import_module("keyring").get_keyring()
        # Below 1 are those that refuse, forget, or write plain text.
        return backend if backend.priority >= 1 else None
    except Exception:  # not installed, or its backend breaks at a missing D-Bus
        return None

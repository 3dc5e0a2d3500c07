import json
import os
import stat
import sys
from pathlib import Path
from types import ModuleType

import pytest

from longagent.errors import UsageError
from longagent.llm.api_keys import Key, list_keys, read_key, remove_key, write_key
from longagent.llm.providers import key_variables

SECRET = "sk-test-4711-do-not-show"

posix = pytest.mark.skipif(os.name != "posix", reason="mode bits are a matter of POSIX")


class Ring:
    """A keyring in memory, with the interface of keyring's backends."""

    def __init__(self, priority: float = 5, *, locked: bool = False) -> None:
        self.priority = priority
        self.kept: dict[tuple[str, str], str] = {}
        self._locked = locked

    def get_password(self, service: str, user: str) -> str | None:
        self._unlock()
        return self.kept.get((service, user))

    def set_password(self, service: str, user: str, password: str) -> None:
        self._unlock()
        self.kept[service, user] = password

    def delete_password(self, service: str, user: str) -> None:
        self._unlock()
        del self.kept[service, user]

    def _unlock(self) -> None:
        if self._locked:
            raise OSError(f"locked; {SECRET}")


def install(monkeypatch: pytest.MonkeyPatch, ring: Ring | None) -> None:
    """Make a keyring the system's, or make the package absent."""
    module = None
    if ring is not None:
        module = ModuleType("keyring")
        vars(module)["get_keyring"] = lambda: ring
    monkeypatch.setitem(sys.modules, "keyring", module)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def without_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, None)


def read(provider: str, folder: Path | None, **environ: str) -> Key | None:
    return read_key(provider, config_dir=folder, environ=environ)


def test_there_is_none(tmp_path: Path) -> None:
    assert read("anthropic", tmp_path) is None
    assert read("anthropic", tmp_path / "missing") is None
    assert read("anthropic", None) is None


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    write_key("anthropic", "sk-stored", config_dir=tmp_path)
    assert read("anthropic", tmp_path) == Key("sk-stored", str(tmp_path / "api-keys.json"))
    assert read("anthropic", tmp_path, ANTHROPIC_API_KEY=" ") == read("anthropic", tmp_path)
    assert read("anthropic", tmp_path, ANTHROPIC_API_KEY="sk-env\n") == Key("sk-env", "ANTHROPIC_API_KEY")
    assert read("gemini", tmp_path, GOOGLE_API_KEY="g") == Key("g", "GOOGLE_API_KEY")
    assert key_variables("groq") == ("GROQ_API_KEY",)


def test_a_key_is_never_shown(tmp_path: Path) -> None:
    source = write_key("mistral", SECRET, config_dir=tmp_path)
    key = read("mistral", tmp_path)
    assert key is not None
    assert key.value == SECRET
    assert SECRET not in f"{key} {key!r} {source} {list_keys(config_dir=tmp_path, environ={})}"


def test_listed_and_removed(tmp_path: Path) -> None:
    file = str(tmp_path / "api-keys.json")
    write_key("mistral", "a", config_dir=tmp_path)
    write_key("groq", "b", config_dir=tmp_path)
    listed = list_keys(config_dir=tmp_path, environ={"GROQ_API_KEY": "c", "ANTHROPIC_API_KEY": "d"})
    assert listed == {"anthropic": "ANTHROPIC_API_KEY", "groq": "GROQ_API_KEY", "mistral": file}
    assert remove_key("groq", config_dir=tmp_path)
    assert not remove_key("groq", config_dir=tmp_path)
    assert json.loads(Path(file).read_text()) == {"mistral": "a"}


@posix
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    write_key("mistral", SECRET, config_dir=folder)
    file = folder / "api-keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [entry.name for entry in folder.iterdir()] == ["api-keys.json"]
    file.chmod(0o640)
    for work in (
        lambda: read("mistral", folder),
        lambda: write_key("groq", "k", config_dir=folder),
        lambda: list_keys(config_dir=folder, environ={}),
        lambda: remove_key("mistral", config_dir=folder),
    ):
        with pytest.raises(UsageError, match="chmod 600") as caught:
            work()
        assert SECRET not in str(caught.value)
    # A key of the environment needs no file.
    assert read("mistral", folder, MISTRAL_API_KEY="k") is not None


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"mistral": 1}', f'{{"mistral": "{SECRET}"'.encode()])
def test_a_broken_file_is_told_and_not_shown(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "api-keys.json"
    file.touch(mode=0o600)
    file.write_bytes(content)
    with pytest.raises(UsageError, match="api-keys.json") as caught:
        read("mistral", tmp_path)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("provider", ["", "A", "../x", "a b", SECRET.upper()])
def test_what_is_no_provider(tmp_path: Path, provider: str) -> None:
    with pytest.raises(UsageError) as caught:
        write_key(provider, "k", config_dir=tmp_path)
    assert SECRET.upper() not in str(caught.value)


@pytest.mark.parametrize("value", ["", " \n", "two words", "schlüssel", "a\x00b"])
def test_what_is_no_key(tmp_path: Path, value: str) -> None:
    with pytest.raises(UsageError):
        write_key("mistral", value, config_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be"):
        write_key("mistral", "k", config_dir=tmp_path / "file")


def test_the_keyring_is_taken_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Ring()
    install(monkeypatch, ring)
    assert write_key("mistral", SECRET, config_dir=tmp_path) == "the system's keyring"
    assert SECRET not in (tmp_path / "api-keys.json").read_text()
    assert read("mistral", tmp_path) == Key(SECRET, "the system's keyring")
    assert list_keys(config_dir=tmp_path, environ={}) == {"mistral": "the system's keyring"}
    install(monkeypatch, None)
    assert read("mistral", tmp_path) is None
    install(monkeypatch, ring)
    assert remove_key("mistral", config_dir=tmp_path)
    assert not ring.kept
    assert read("mistral", tmp_path) is None


@pytest.mark.parametrize("ring", [Ring(0), Ring(-1), Ring(0.5), Ring(locked=True)])
def test_keyrings_that_refuse_forget_or_write_plain_text_are_not(
    ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, ring)
    assert write_key("mistral", SECRET, config_dir=tmp_path) == str(tmp_path / "api-keys.json")
    assert not ring.kept
    key = read("mistral", tmp_path)
    assert key is not None
    assert key.value == SECRET
    assert remove_key("mistral", config_dir=tmp_path)

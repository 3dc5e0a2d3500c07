"""Settings: argument over environment over project file over the user's config; secrets stay out of sight."""

from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.settings import Settings
from longagent.store.manifest import manifest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    for name in ("LONGAGENT_MODEL", "LONGAGENT_BASE_URL", "OPENAI_API_KEY", "LONGAGENT_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write_user_config(home: Path, text: str) -> None:
    folder = home / "config" / "longagent"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(text)


def test_precedence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.resolve().strategy == "auto"
    write_user_config(home, 'strategy = "a"\nwindow = 1\nseed = 1\nconcurrency = 1\nbase_url = ["http://x/v1"]')
    (home / "longagent.toml").write_text('strategy = "b"\nwindow = 2\nseed = 2\n')
    monkeypatch.setenv("LONGAGENT_STRATEGY", "c")
    monkeypatch.setenv("LONGAGENT_WINDOW", "3")
    settings = Settings.resolve(strategy="d", window=None)
    assert (settings.strategy, settings.window, settings.seed, settings.concurrency) == ("d", 3, 2, 1)
    assert settings.base_url == ("http://x/v1",)


def test_several_base_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGAGENT_BASE_URL", "http://a/v1, http://b/v1")
    assert Settings.resolve().base_url == ("http://a/v1", "http://b/v1")
    assert Settings.resolve(base_url="http://c").base_url == ("http://c",)


def test_wrong_values_say_where_they_come_from(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGAGENT_WINDOW", "wide")
    with pytest.raises(UsageError, match=r"window = 'wide' \(LONGAGENT_WINDOW\)"):
        Settings.resolve()
    monkeypatch.delenv("LONGAGENT_WINDOW")
    for text, message in [
        ("strategi = 1", "unknown setting 'strategi'"),
        ("strategy = [", "cannot be read"),
        ("window = -1", "window = -1"),
        ('api_key = "secret"', "keys do not belong in files"),
        ('embedder_api_key = "secret"', "LONGAGENT_EMBEDDER_API_KEY"),
        ('base_url = "http://x"', "base_url is not read from a project file"),
        ('model = "openai/gpt-4o"', "model is not read from a project file"),
        ('verify = "off"', "verify is not read from a project file"),
        ('verify = "mark"', "verify is not read from a project file"),
        ("offline = false", "offline is not read from a project file"),
        ('cache_dir = "here"', "cache_dir is not read from a project file"),
    ]:
        (home / "longagent.toml").write_text(text)
        with pytest.raises(UsageError, match=message) as error:
            Settings.resolve()
        assert "secret" not in str(error.value)


def test_keys_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("LONGAGENT_API_KEY", "also-secret")
    settings = Settings.resolve()
    assert settings.openai_api_key == "sk-very-secret"
    assert settings.api_key == "also-secret"
    assert "secret" not in repr(settings)


def test_a_password_is_in_no_record(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGAGENT_PASSWORD", "open-secret")
    settings = Settings.resolve()
    assert settings.password == "open-secret"
    assert "open-secret" not in repr(settings)
    assert "open-secret" not in str(manifest(settings, {}, ["a.pdf"], model=None))
    (home / "longagent.toml").write_text('password = "open-secret"')
    with pytest.raises(UsageError, match="passwords do not belong in files") as error:
        Settings.resolve()
    assert "open-secret" not in str(error.value)


def test_an_unknown_option_is_told() -> None:
    with pytest.raises(UsageError, match="'windo'.*'window'"):
        Settings.resolve(windo=3)


def test_local_asked_for_wins_over_a_server_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGAGENT_BASE_URL", "http://a/v1")
    assert Settings.resolve(model="local").base_url == ()
    assert Settings.resolve(model="local", base_url="http://b/v1").base_url == ("http://b/v1",)
    assert Settings.resolve().base_url == ("http://a/v1",)
    monkeypatch.setenv("LONGAGENT_MODEL", "local")
    assert Settings.resolve(base_url="http://b/v1").model is None


def test_a_project_file_may_only_make_checks_stricter(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.resolve().verify == "mark"
    write_user_config(home, 'verify = "off"')
    assert Settings.resolve().verify == "off"
    (home / "longagent.toml").write_text('verify = "strict"')
    assert Settings.resolve().verify == "strict"
    monkeypatch.setenv("LONGAGENT_VERIFY", "mark")
    assert Settings.resolve().verify == "mark"
    with pytest.raises(UsageError, match="verify = 'none'") as error:
        Settings.resolve(verify="none")
    assert "strict, mark, off" in error.value.hint

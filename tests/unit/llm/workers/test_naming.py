from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.llm.workers.naming import judge_model, new_names


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "models" / "My Model"
    made.mkdir(parents=True)
    (made / "config.json").write_text("{}")
    return made


def test_a_name_of_the_hub_is_served_under_its_last_part() -> None:
    assert judge_model("Qwen/Qwen3-8B") == ("Qwen/Qwen3-8B", "Qwen3-8B")
    assert judge_model("gpt2") == ("gpt2", "gpt2")
    assert judge_model("Qwen/Qwen3-8B", served="q") == ("Qwen/Qwen3-8B", "q")


def test_a_folder_is_passed_on_whole(folder: Path) -> None:
    assert judge_model("models/My Model", served="mine") == (str(folder), "mine")


def test_a_folder_that_begins_like_a_flag_is_none(folder: Path) -> None:
    (folder.parent.parent / "-x").mkdir()
    (folder.parent.parent / "-x" / "config.json").touch()
    assert judge_model("-x", served="x").source == str(folder.parent.parent / "-x")


@pytest.mark.parametrize("text", ["./no", "/no/such", "~/no", "a/b/c"])
def test_a_folder_that_is_not_there_is_told(text: str, folder: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        judge_model(text)


def test_a_folder_without_a_model_is_told(folder: Path) -> None:
    (folder / "config.json").unlink()
    with pytest.raises(UsageError, match=r"there is no config\.json in it\.$"):
        judge_model(str(folder))
    (folder / "a.gguf").touch()
    with pytest.raises(UsageError, match=r"local/PATH\.gguf"):
        judge_model(str(folder))
    with pytest.raises(UsageError, match="is a file"):
        judge_model(str(folder / "a.gguf"))


@pytest.mark.parametrize("text", ["--trust-remote", "-x", "a b", "org/--x", "a;b", "org/..", "", "a\nb", "org/m\n"])
def test_what_is_no_name_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        judge_model(text)


@pytest.mark.parametrize("served", ["--x", "a b", "", "a\x1b[31m", "x" * 201])
def test_what_is_no_served_name_is_refused(served: str) -> None:
    with pytest.raises(UsageError, match="cannot be served as"):
        judge_model("org/model", served=served)


def test_names_are_safe_and_not_taken() -> None:
    assert new_names("Qwen3-8B", set(), count=2) == ("qwen3-8b-1", "qwen3-8b-2")
    assert new_names("q", {"q-1", "q-3"}, count=3) == ("q-2", "q-4", "q-5")
    assert new_names("../../etc/x y", set(), count=1) == ("etc-x-y-1",)
    assert new_names("…", set(), count=1) == ("worker-1",)

"""The folder of model files: what a name means, and that no name leads out of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.llm.embedded import SMOLLM2
from longagent.llm.model_files.folder import (
    ModelFile,
    file_name,
    find_model_file,
    model_file_at,
    model_files,
    models_folder,
    remove,
    write_record,
)
from longagent.llm.open import embedded_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = models_folder(tmp_path / "data")
    folder.mkdir(parents=True)
    for name in ("Qwen2.5-7B-Q4.gguf", "phi.gguf"):
        (folder / name).write_bytes(b"GGUF")
    return folder


def find(name: str, folder: Path) -> Path:
    return find_model_file(name, data_dir=folder.parent)


@pytest.mark.parametrize("name", ["../m", "a/b", "a\\b", "/m", "..", ".", ".hidden", "", "ä", "a b", "x\n", "m" * 300])
def test_no_name_leads_out_of_the_folder(folder: Path, name: str) -> None:
    (folder.parent / "m.gguf").write_bytes(b"GGUF")
    with pytest.raises(UsageError, match="is no name for a model file"):
        file_name(name)
    with pytest.raises(UsageError):
        remove(folder, name)
    assert (folder.parent / "m.gguf").exists()


def test_a_name_is_found_with_and_without_its_ending(folder: Path) -> None:
    assert find("phi", folder) == find("phi.gguf", folder) == folder / "phi.gguf"
    assert find("./phi.gguf", folder) == Path("phi.gguf")  # a path is a path, be it there or not
    assert find("some/where.gguf", folder) == Path("some/where.gguf")
    Path("here.gguf").write_bytes(b"GGUF")
    assert find("here.gguf", folder) == Path("here.gguf")
    Path("phi.gguf").write_bytes(b"GGUF")
    assert find("phi.gguf", folder) == folder / "phi.gguf"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("qwen2.5-7b-q4", "Did you mean 'local/Qwen2.5-7B-Q4'?"),
        ("Qwen2.5-7B-Q5.gguf", "Did you mean 'local/Qwen2.5-7B-Q4'?"),
        ("llama", "There are: local/Qwen2.5-7B-Q4, local/phi; `longagent models list` tells them all."),
        ("x" * 300, "There are: local/Qwen2.5-7B-Q4, local/phi; `longagent models list` tells them all."),
        ("\0", "There are: local/Qwen2.5-7B-Q4, local/phi; `longagent models list` tells them all."),
        ("..", ""),
    ],
)
def test_a_typo_is_told_what_there_is(folder: Path, name: str, hint: str) -> None:
    if name == "..":
        assert find(name, folder) == Path() / ".."
        return
    with pytest.raises(UsageError) as caught:
        find(name, folder)
    assert caught.value.hint == hint


def test_without_any_file_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Fetch one with `longagent models pull OWNER/REPO/FILE.gguf`, or give a path"):
        find_model_file("qwen", data_dir=tmp_path)


def test_the_bundled_model_is_itself_by_all_its_names(folder: Path) -> None:
    data_dir = folder.parent
    names = ["local", "local/", f"local/{SMOLLM2.filename}", "local/SmolLM2-135M-Instruct.Q4_1"]
    names.append(f"local/{folder}/{SMOLLM2.filename}")
    assert [embedded_file(name, data_dir=data_dir) for name in names] == [None] * 5
    assert embedded_file("local/phi", data_dir=data_dir) == folder / "phi.gguf"


def test_a_record_is_of_the_file_it_was_written_for(folder: Path) -> None:
    path = folder / "phi.gguf"
    file = ModelFile(path=path, size=4, source="hf:a/b/phi.gguf", sha256="0" * 64, licence="mit")
    write_record(file)
    assert model_file_at(path) == file
    assert model_files(folder) == (ModelFile(path=folder / "Qwen2.5-7B-Q4.gguf", size=4), file)
    path.write_bytes(b"GGUF another")
    assert model_file_at(path) == ModelFile(path=path, size=12)
    for broken in ("", "[]", "{", '{"size": 12, "source": 7, "sha256": null}', "[" * 100_000):
        (folder / "phi.gguf.json").write_text(broken)
        assert model_file_at(path) == ModelFile(path=path, size=12)


def test_what_is_removed_is_gone_with_all_that_belongs_to_it(folder: Path) -> None:
    write_record(replace(model_file_at(folder / "phi.gguf"), source="x"))
    (folder / "phi.LICENSE").write_text("")
    (folder / "half.gguf.part").write_bytes(b"GG")
    (folder / "half.gguf.part.json").write_text("{}")
    assert remove(folder, "phi")
    assert remove(folder, "half.gguf")
    assert not remove(folder, "phi")
    assert [path.name for path in folder.iterdir()] == ["Qwen2.5-7B-Q4.gguf"]

"""What a person writes after `models pull`."""

from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.llm.api_keys import write_key
from longagent.llm.model_files.source import HUB, HubFile, hub_endpoint, hub_token, parse_source

MIRROR = "https://mirror.example/hf"
PLAIN = HubFile(repo="Qwen/Qwen2.5-7B-GGUF", file="q4/m.gguf")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("hf:Qwen/Qwen2.5-7B-GGUF/q4/m.gguf", PLAIN),
        ("Qwen/Qwen2.5-7B-GGUF/q4/m.gguf", PLAIN),
        (f"{HUB}/Qwen/Qwen2.5-7B-GGUF/resolve/main/q4/m.gguf?download=true", PLAIN),
        (f"{HUB}/Qwen/Qwen2.5-7B-GGUF/blob/main/q4/m.gguf", PLAIN),
        (f"{MIRROR}/Qwen/Qwen2.5-7B-GGUF/resolve/main/q4/m.gguf", PLAIN),
        ("a/b/m.gguf@refs/pr/1", HubFile(repo="a/b", file="m.gguf", revision="refs/pr/1")),
        (f"{HUB}/a/b/resolve/refs%2Fpr%2F1/my%20m.gguf", HubFile(repo="a/b", file="my m.gguf", revision="refs/pr/1")),
        ("./a/b/m.gguf", Path("a/b/m.gguf")),
        ("/a/b/m.gguf", Path("/a/b/m.gguf")),
    ],
)
def test_what_is_meant(given: str, expected: HubFile | Path) -> None:
    assert parse_source(given, endpoint=MIRROR) == expected


def test_a_path_that_is_there_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "m.gguf").write_bytes(b"GGUF")
    assert parse_source("a/b/m.gguf", endpoint=HUB) == Path("a/b/m.gguf")
    assert parse_source("hf:a/b/m.gguf", endpoint=HUB) == HubFile(repo="a/b", file="m.gguf")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("qwen", "'qwen' is no model file. Write OWNER/REPO/FILE.gguf,"),
        ("a/m.gguf", "is no model file"),
        ("a/b/model.safetensors", "'model.safetensors' is not a GGUF file."),
        ("a/b/../../c/m.gguf", "is no path in a repository"),
        ("a/b//m.gguf", "is no path in a repository"),
        ("hf:../b/m.gguf", "is no model file"),
        (f"{HUB}/a/b/resolve/main/..%2f..%2fm.gguf", "is no path in a repository"),
        ("a/b/m.gguf@x\ny", "is no path in a repository"),
        ("a/b/m-00001-of-00003.gguf", "m-00001-of-00003.gguf is one of several parts of a model."),
        (f"{HUB}/a/b", "is no model file"),
        ("https://user:secret@other.example/m.gguf", f"files are fetched from {MIRROR} only."),
        (f"{HUB}.evil.example/a/b/resolve/main/m.gguf", f"files are fetched from {MIRROR} only."),
    ],
)
def test_what_is_refused(given: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_source(given, endpoint=MIRROR)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_address_of_a_file_is_written_as_addresses_are() -> None:
    file = HubFile(repo="a/b", file="q 4/m#1.gguf", revision="refs/pr/1")
    assert file.url(MIRROR) == f"{MIRROR}/a/b/resolve/refs%2Fpr%2F1/q%204/m%231.gguf"
    assert str(file) == "hf:a/b/q 4/m#1.gguf@refs/pr/1"


def test_the_hub_is_what_the_environment_says() -> None:
    assert hub_endpoint({}) == hub_endpoint({"HF_ENDPOINT": " "}) == HUB
    assert hub_endpoint({"HF_ENDPOINT": f"{MIRROR}/"}) == MIRROR
    for wrong in (
        "mirror.example",
        "ftp://x",
        "https://me:secret@x",
        "https://x:99999",
        "https://x/?a=1",
        "https://x y",
    ):
        with pytest.raises(UsageError) as caught:
            hub_endpoint({"HF_ENDPOINT": wrong})
        assert wrong not in str(caught.value)


def test_a_stored_token_is_for_huggingface_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    write_key("huggingface", "hf_stored", config_dir=tmp_path)
    assert hub_token(HUB, {}, config_dir=tmp_path) == "hf_stored"
    assert hub_token(HUB, {"HF_TOKEN": "hf_given"}, config_dir=tmp_path) == "hf_given"
    assert hub_token(MIRROR, {"HF_TOKEN": "hf_given"}, config_dir=tmp_path) == "hf_given"
    assert hub_token(MIRROR, {}, config_dir=tmp_path) is None

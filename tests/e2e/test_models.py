"""`longagent models`, as a process of its own, against a hub in a thread."""

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.command import COMMAND, Finished, environment, longagent
from support.gguf import llama, write_gguf
from support.hub import TOKEN, Hub
from support.workers import worker

from longagent.llm.embedded import SMOLLM2
from longagent.llm.workers.record import write_worker

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in environment(tmp_path).items() if not name.endswith(("_KEY", "_TOKEN"))}
    return kept | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "HF_ENDPOINT": NOWHERE}


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    return write_gguf(tmp_path / "m.gguf", rest=bytes(3_000_000)).read_bytes()


def models(*args: str, env: dict[str, str]) -> Finished:
    done = longagent("models", *args, env=env)
    assert TOKEN not in done.out + done.err
    return done


def test_what_is_here_when_nothing_is(env: dict[str, str], tmp_path: Path) -> None:
    done = models("list", env=env)
    assert (done.code, done.err) == (0, "")
    assert "local  98 MB        135M   8,192  comes along; not fetched yet: longagent models pull" in done.out
    assert done.out.endswith("keys  none\n")
    told = models("list", "--json", env=env).json
    assert told["folder"] == str(tmp_path / "data" / "models")
    assert told["bundled"]["state"] == "missing"
    assert (told["files"], told["workers"], told["keys"]) == ([], [], {})
    assert not (tmp_path / "data").exists()


def test_pull_list_path_and_remove(env: dict[str, str], tmp_path: Path, data: bytes) -> None:
    digest, path = hashlib.sha256(data).hexdigest(), tmp_path / "data" / "models" / "m.gguf"
    with Hub(data) as hub:
        own = env | {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}
        done = models("pull", "owner/repo/m.gguf", env=own)
        assert hub.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert (done.code, done.out) == (0, f"{path}\n"), done.err
    assert done.err == f"Fetching m.gguf, 3 MB, once …\n3 MB, sha256 {digest}; ask it with -m local/m\n"
    assert models("path", "m", env=env).out == models("path", "local/m.gguf", env=env).out == f"{path}\n"
    (listed,) = models("list", "--json", env=env).json["files"]
    assert listed == {
        "model": "local/m",
        "path": str(path),
        "bytes": len(data),
        "parameters": 8_192_000_000,
        "trained_window": 131_072,
        "sha256": digest,
        "source": "hf:owner/repo/m.gguf",
        "licence": "apache-2.0",
    }
    assert "local/m   3 MB        8.2B  131,072  hf:owner/repo/m.gguf, apache-2.0" in models("list", env=env).out
    assert models("remove", "m", env=env).code == 0
    again = models("remove", "m", env=env)
    assert (again.code, again.err) == (2, "longagent: there is no model file 'm'. See: longagent models list\n")


def test_a_file_that_is_not_there_has_no_path(env: dict[str, str]) -> None:
    for name, said in ((), "the small model is not here yet"), (("qwen",), "there is no model file 'qwen'."):
        done = models("path", *name, env=env)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"longagent: {said}")
    asked = longagent("ask", __file__, "What?", "-m", "local/qwen", env=env)
    assert asked.code == 2
    assert "longagent: there is no model file 'qwen'. Fetch one with" in asked.err


def test_workers_keys_and_what_is_configured_are_listed(env: dict[str, str], tmp_path: Path) -> None:
    write_worker(tmp_path / "state", worker("w-1", window=4096))
    (tmp_path / "data" / "models").mkdir(parents=True)
    (tmp_path / "data" / "models" / "broken.gguf").write_bytes(b"GGUF")
    own = env | {"MISTRAL_API_KEY": TOKEN, "LONGAGENT_API_KEY": TOKEN, "LONGAGENT_MODEL": "auto"}
    told = models("list", "--json", env=own).json
    assert told["configured"] == {"model": "auto", "answers": "qwen on 1 worker"}
    assert told["keys"] == {"mistral": "MISTRAL_API_KEY", "the servers of --base-url": "LONGAGENT_API_KEY"}
    (served,) = told["workers"]
    assert (served["served"], served["window"], served["ready"]) == ("vllm/qwen", 4096, True)
    (broken,) = told["files"]
    assert (broken["source"], broken["trained_window"]) == (None, None)
    lines = models("list", env=own).out
    assert "put there by hand, cannot be read" in lines
    for model, answers in (
        ("openai/gpt-4o", "gpt-4o of api.openai.com, but there is no key for it"),
        ("mistral/large", "large of mistral, with a key for it"),
        ("vllm/other", "other on no workers"),
        ("local/other", "there is no model file 'other'."),
        ("local", "the small model that comes along"),
    ):
        assert answers in models("list", env=own | {"LONGAGENT_MODEL": model}).out
    served_there = models("list", env=own | {"LONGAGENT_MODEL": "", "LONGAGENT_BASE_URL": NOWHERE}).out
    assert f"the one model on {NOWHERE}" in served_there


def test_what_cannot_be_fetched_is_one_sentence(env: dict[str, str], tmp_path: Path, data: bytes) -> None:
    away = models("pull", "owner/repo/m.gguf", env=env)
    assert away.code == 1
    assert away.err.startswith(f"longagent: {NOWHERE} cannot be reached: connection refused. Check the connection")
    hub = env | {"HF_ENDPOINT": "https://hub.example"}
    offline = models("pull", "owner/repo/m.gguf", "--offline", env=hub)
    assert (offline.code, offline.err) == (
        2,
        "longagent: offline, so nothing is fetched from https://hub.example. Drop --offline, or give a path.\n",
    )
    assert models("pull", "--offline", env=env).err.count("\n") == 1
    assert models("pull", "owner/repo/m.gguf", "--sha256", "xyz", env=env).code == 2
    named = models("pull", "owner/repo/m.gguf", "--name", "../../m", env=env)
    assert (named.code, "is no name for a model file" in named.err) == (2, True)
    assert not (tmp_path / "data").exists()
    taken = models("pull", str(tmp_path / "m.gguf"), "--offline", "--json", env=hub)
    assert taken.json["model"] == "local/m"


def test_nothing_else_goes_by_the_name_of_the_small_model(env: dict[str, str], tmp_path: Path, data: bytes) -> None:
    done = models("pull", str(tmp_path / "m.gguf"), "--name", "SmolLM2-135M-Instruct.Q4_1", env=env)
    assert done.code == 1
    assert "has the sha256" in done.err


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_what_an_interrupt_left_is_gone_on_from(
    env: dict[str, str], tmp_path: Path, kind: signal.Signals, data: bytes
) -> None:
    data += os.urandom(1_000_000)
    folder = tmp_path / "data" / "models"
    with Hub(data, hangs_at=2_000_000) as hub:
        own = env | {"HF_ENDPOINT": hub.url}
        command = [*COMMAND, "models", "pull", "owner/repo/m.gguf"]
        process = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        part = folder / "m.gguf.part"
        deadline = time.monotonic() + 60
        while not part.exists() or part.stat().st_size < 1_000_000:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(kind)
        _, err = process.communicate(timeout=30)
        if kind == signal.SIGINT:
            assert process.returncode == 130
            assert b"is kept: the same command goes on." in err
        came = part.stat().st_size
        assert "validator" in json.loads((folder / "m.gguf.part.json").read_text())
        hub.hangs_at, hub.stored = None, []
        assert models("pull", "owner/repo/m.gguf", env=own).code == 0
        assert [request.headers.get("range") for request in hub.stored] == [f"bytes={came}-"]
    assert (folder / "m.gguf").read_bytes() == data


def test_a_base_model_is_refused_before_it_is_loaded(env: dict[str, str], tmp_path: Path) -> None:
    said = {key: value for key, value in llama().items() if key != "tokenizer.chat_template"}
    file = write_gguf(tmp_path / "base.gguf", said)
    done = longagent("ask", __file__, "What?", "-m", f"local/{file}", env=env)
    assert done.code == 2
    assert "has no chat template" in done.err


@pytest.mark.local
def test_the_small_model_that_is_here(env: dict[str, str], weights_dir: Path) -> None:
    own = env | {"LONGAGENT_DATA_DIR": str(weights_dir)}
    path = weights_dir / "models" / SMOLLM2.filename
    pulled = models("pull", "--offline", env=own)
    assert (pulled.code, pulled.out) == (0, f"{path}\n")
    assert pulled.err == f"98 MB, sha256 {SMOLLM2.sha256}; ask it with -m local\n"
    assert models("path", env=own).out == models("path", "SmolLM2-135M-Instruct.Q4_1", env=own).out == f"{path}\n"
    assert models("list", "--json", env=own).json["bundled"]["state"] == "there"

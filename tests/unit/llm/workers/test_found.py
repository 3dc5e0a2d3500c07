"""Which workers a name means."""

from pathlib import Path
from typing import Any

import pytest
from support.workers import worker

from longagent.errors import UsageError
from longagent.llm.workers.found import find_pool, settled
from longagent.llm.workers.record import write_worker
from longagent.settings import Settings


def start(folder: Path, name: str, **given: Any) -> None:
    write_worker(folder, worker(name, **given))


def test_a_name_is_all_the_workers_that_serve_it(tmp_path: Path) -> None:
    start(tmp_path, "q-1", started=1, url="http://127.0.0.1:8001/v1", window=8192)
    start(tmp_path, "q-2", started=2, url="http://127.0.0.1:8002/v1", window=4096)
    start(tmp_path, "e-1", served="bge", task="embed")
    found = find_pool(tmp_path, "qwen")
    assert found.base_urls == ("http://127.0.0.1:8001/v1", "http://127.0.0.1:8002/v1")
    assert (found.served, found.model, found.window) == ("qwen", "Qwen/Qwen3-8B", 4096)
    assert find_pool(tmp_path, "bge", task="embed").served == "bge"


def test_where_they_listen_does_not_decide_their_replies(tmp_path: Path) -> None:
    start(tmp_path, "q-1", url="http://127.0.0.1:8001/v1")
    first = find_pool(tmp_path, "qwen").identity
    start(tmp_path, "q-1", url="http://127.0.0.1:9999/v1")
    start(tmp_path, "q-2")
    assert find_pool(tmp_path, "qwen").identity == first
    start(tmp_path, "q-3", model="Qwen/Qwen3-8B-AWQ")
    assert find_pool(tmp_path, "qwen").identity != first


def hint(folder: Path, served: str, **given: Any) -> str:
    with pytest.raises(UsageError, match=f"no worker serves 'vllm/{served}'") as caught:
        find_pool(folder, served, **given)
    return caught.value.hint


def test_none_that_runs_is_told_with_what_to_do(tmp_path: Path) -> None:
    assert "`longagent workers start qwen`" in hint(tmp_path, "qwen")
    assert "--base-url" in hint(tmp_path, "qwen")
    start(tmp_path, "q-1", ready=False)
    assert "is starting" in hint(tmp_path, "qwen")
    start(tmp_path, "q-1")
    assert hint(tmp_path, "qwem") == "Did you mean 'vllm/qwen'?"
    assert "Running: vllm/qwen." in hint(tmp_path, "llama")
    assert "`longagent workers start qwen --task embed`" in hint(tmp_path, "qwen", task="embed")


def test_auto_is_the_base_urls_model_or_the_workers_or_none(tmp_path: Path) -> None:
    def auto(**given: Any) -> str | None:
        return settled(Settings(**{"model": "auto", "state_dir": tmp_path} | given)).model

    assert auto() is None
    start(tmp_path, "q-1")
    start(tmp_path, "e-1", served="bge", task="embed")
    assert auto() == "vllm/qwen"
    assert auto(base_url=("http://127.0.0.1:1/v1",)) is None
    assert auto(model="local") == "local"
    start(tmp_path, "o-1", served="other")
    with pytest.raises(UsageError, match="more than one model: vllm/other, vllm/qwen"):
        auto()

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.workers import worker

from longagent.errors import UsageError
from longagent.llm.embedding import Embedder
from longagent.llm.embedding.open import open_cross_encoder, open_embedder
from longagent.llm.embedding.remote import batches
from longagent.llm.workers.record import write_worker


def opened(name: str, **given: Any) -> Embedder:
    async def go() -> Embedder:
        return await open_embedder(name, **given)

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("statik", {}, "no embedder is named 'statik'.*static, minilm"),
        ("openai/", {}, "no embedder is named"),
        ("openai/text-embedding-3-small", {"offline": True}, "offline, but https://api.openai.com"),
        ("openai/text-embedding-3-small", {}, "OPENAI_API_KEY is not set"),
        ("voyage/voyage-3", {"offline": True}, "offline, but 'voyage/voyage-3'"),
        ("cohere/embed-v4.0", {}, "'cohere/embed-v4.0' needs an API key"),
        ("bge", {"base_url": "http://example.com", "offline": True}, "offline, but http://example.com/v1"),
        ("bge", {"base_url": "ftp://example.com"}, "not an http address"),
    ],
)
def test_what_cannot_be_opened_is_told(
    name: str, given: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "COHERE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(UsageError, match=said):
        opened(name, config_dir=tmp_path, **given)


@pytest.mark.parametrize(
    ("name", "served"), [("bge-m3", "bge-m3"), ("vllm/BAAI/bge-m3", "BAAI/bge-m3"), ("BAAI/bge-m3", "BAAI/bge-m3")]
)
def test_on_a_server_the_name_is_the_servers(name: str, served: str) -> None:
    embedder = opened(name, base_url="http://127.0.0.1:1")
    assert (embedder.name, embedder.identity) == (name, f"http://127.0.0.1:1/v1 {served}")
    assert embedder.languages is None


def test_the_key_for_openai_goes_to_openai_only() -> None:
    ours: Any = opened("bge", base_url="http://127.0.0.1:1", openai_key="sk-openai")
    assert ours._key is None
    theirs: Any = opened("openai/text-embedding-3-small", openai_key="sk-openai", api_key="other")
    assert theirs._key == "sk-openai"


def test_a_cross_encoder_needs_a_server() -> None:
    with pytest.raises(UsageError, match=r"'bge'.*Set embedder_url"):
        asyncio.run(open_cross_encoder("bge", base_url=None, api_key=None, offline=False, timeout=1))


def test_workers_are_found_by_what_they_do(tmp_path: Path) -> None:
    for number, (name, task) in enumerate([("bge", "embed"), ("bge", "embed"), ("scorer", "rerank")]):
        url = f"http://127.0.0.1:{8001 + number}/v1"
        write_worker(tmp_path, worker(f"w-{number}", served=name, model=f"BAAI/{name}", task=task, url=url))
    embedder: Any = opened("vllm/bge", state_dir=tmp_path, offline=True)
    assert (embedder.name, embedder.identity) == ("vllm/bge", "vllm BAAI/bge")
    assert embedder._addresses.base_urls == ("http://127.0.0.1:8001/v1", "http://127.0.0.1:8002/v1")
    with pytest.raises(UsageError, match=r"no worker serves 'vllm/scorer'.*--task embed"):
        opened("vllm/scorer", state_dir=tmp_path)

    async def scorer() -> Any:
        return await open_cross_encoder(
            "vllm/scorer", base_url=None, api_key="for another", offline=True, state_dir=tmp_path, timeout=1
        )

    found = asyncio.run(scorer())
    assert (found.identity, found._served, found._key) == ("vllm BAAI/scorer", "scorer", None)


def test_requests_are_bounded_by_texts_and_characters() -> None:
    assert [len(batch) for batch in batches(["a"] * 130)] == [64, 64, 2]
    assert [len(batch) for batch in batches(["a" * 40_000] * 3 + ["b" * 200_000])] == [2, 1, 1]
    assert batches([]) == []

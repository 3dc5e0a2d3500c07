"""Embeddings and scores of servers that really speak HTTP, by themselves and through a session."""

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.embedding import DIMS, EmbeddingServer, vector
from support.openai_backend import unused_port
from support.survey import NEEDLE, QUESTION, long_document

from longagent import Answer, Session
from longagent.errors import ModelError, ModelRejectedError, ModelUnavailableError
from longagent.events import Event, Warned
from longagent.graphs import wanted
from longagent.graphs.reranking import ByModel
from longagent.llm.embedding import Kind
from longagent.llm.embedding.litellm_embedder import LiteLLMEmbedder
from longagent.llm.embedding.remote import Remote
from longagent.llm.embedding.server import ServerEmbedder
from longagent.llm.retries import Policy
from longagent.retrievers import Ranked
from longagent.testing import PromptReader, ScriptedModel

OK = {"data": [{"index": 0, "embedding": [1.0, 0.0]}]}


def embedded(server: EmbeddingServer, texts: Sequence[str], *, key: str | None = None) -> NDArray[np.float32]:
    """Embed in a worker thread, as retrievers do."""

    async def go() -> NDArray[np.float32]:
        embedder = ServerEmbedder(
            name="bge", served="bge", base_urls=[server.base_url], api_key=key, policy=Policy(attempts=3, first=0.01)
        )
        try:
            return await asyncio.to_thread(embedder.embed, texts)
        finally:
            await embedder.aclose()

    return asyncio.run(go())


def test_vectors_come_in_the_order_of_the_texts() -> None:
    texts = [f"text {number} of many" for number in range(150)]
    with EmbeddingServer() as server:
        rows = embedded(server, texts, key="secret")
    assert rows.shape == (150, DIMS)
    expected = np.array([vector(text) for text in texts])
    np.testing.assert_allclose(rows, expected / np.linalg.norm(expected, axis=1, keepdims=True), rtol=1e-5)
    assert len(server.bodies) == 3
    assert set(server.keys) == {"Bearer secret"}
    assert server.bodies[0][1]["model"] == "bge"


def test_closing_lets_go_of_who_waits_for_vectors() -> None:
    """A question that was interrupted: its thread would hold up the end of the program through all attempts."""

    async def go() -> None:
        asked = asyncio.Event()

        class Silent(Remote):
            async def request(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
                asked.set()
                await asyncio.sleep(60)
                return []

        embedder = Silent(name="silent", identity="silent 1")
        waiting = asyncio.create_task(asyncio.to_thread(embedder.embed, ["text"]))
        await asked.wait()
        await embedder.aclose()
        await asyncio.wait({waiting}, timeout=10)
        assert waiting.cancelled()
        with pytest.raises(ModelUnavailableError, match="was closed"):
            await asyncio.to_thread(embedder.embed, ["text"])

    asyncio.run(go())


def test_a_question_makes_no_more_attempts_than_it_may() -> None:
    with EmbeddingServer((503, {"error": "busy"})) as server, pytest.raises(ModelUnavailableError):
        asked(server)
    batches = [tuple(body["input"]) for _, body in server.bodies]
    assert len(batches) == len(set(batches)), "one was sent again"


def test_vectors_and_scores_come_from_the_workers_that_are_left() -> None:
    async def go(urls: Sequence[str]) -> tuple[NDArray[np.float32], list[float]]:
        model = ServerEmbedder(name="vllm/bge", served="bge", base_urls=urls, policy=Policy(attempts=1))
        try:
            return await asyncio.to_thread(model.embed, ["a text"]), await model.rerank("ship", ["a ship", "a hat"])
        finally:
            await model.aclose()

    with EmbeddingServer() as server:
        gone = f"http://127.0.0.1:{unused_port()}/v1"
        # The first request goes to the first of two that do nothing, and both orders have one.
        for urls in ([gone, server.base_url], [server.base_url, gone]):
            rows, scores = asyncio.run(go(urls))
            assert rows.shape == (1, DIMS)
            assert scores[0] > scores[1]


def test_odd_texts_are_sent_as_something_a_server_takes() -> None:
    with EmbeddingServer() as server:
        assert embedded(server, ["", "\ud800", "x" * 100_000]).shape == (3, DIMS)
        assert embedded(server, []).shape == (0, 0)
    assert [len(text) for text in server.texts] == [1, 1, 32_000]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_trouble_is_met_with_another_attempt(status: int) -> None:
    with EmbeddingServer((status, {"error": "busy"})) as server:
        assert embedded(server, ["text"]).any()
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    "reply",
    [
        {"data": []},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 0, "embedding": [1, "x"]}]},
        {"data": [{"index": 0, "embedding": [1, float("nan")]}]},
        {"data": [{"index": 1, "embedding": [1]}]},
        {"data": {}},
        [1],
        b"<html>",
    ],
)
def test_a_reply_that_lacks_a_vector_is_refused(reply: Any) -> None:
    with EmbeddingServer(*[(200, reply)] * 3) as server, pytest.raises(ModelUnavailableError, match="vector for each"):
        embedded(server, ["text"])


def test_vectors_of_different_lengths_are_refused() -> None:
    reply = {"data": [{"index": 0, "embedding": [1.0, 0.0]}, {"index": 1, "embedding": [1.0]}]}
    with EmbeddingServer((200, reply)) as server, pytest.raises(ModelRejectedError, match="different lengths"):
        embedded(server, ["one", "two"])


def test_a_refusal_is_told_without_the_text_or_the_key() -> None:
    body = {"error": {"message": "bad: THE TEXT OF THE DOCUMENT AS IT WAS SENT, sk-secret"}}
    with EmbeddingServer((400, body)) as server, pytest.raises(ModelError) as raised:
        embedded(server, ["THE TEXT OF THE DOCUMENT AS IT WAS SENT"], key="sk-secret")
    assert "DOCUMENT" not in str(raised.value)
    assert "sk-secret" not in str(raised.value)


def test_litellm_is_asked_for_embeddings_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddingServer() as server:
        monkeypatch.setenv("HOSTED_VLLM_API_BASE", server.base_url)

        async def go() -> NDArray[np.float32]:
            embedder = LiteLLMEmbedder(name="hosted_vllm/bge", api_key="secret")
            return await asyncio.to_thread(embedder.embed, ["one text", "another text"])

        rows = asyncio.run(go())
    assert rows.shape == (2, DIMS)
    assert rows[0] @ rows[1] == pytest.approx(0.5)
    assert server.keys == ["Bearer secret"]


def asked(server: EmbeddingServer, events: list[Event] | None = None, **options: Any) -> Answer:
    given = {"embedder": "bge", "embedder_url": server.base_url, "strategy": "rag", "retries": 0} | options
    told = [] if events is None else events
    with Session(model=given.pop("model", PromptReader()), **given) as session:
        return session.ask(long_document(), QUESTION, on_event=told.append)


def test_a_question_is_ranked_by_the_servers_vectors_and_the_next_embeds_nothing() -> None:
    with EmbeddingServer() as server:
        answer = asked(server)
        first = len(server.texts)
        again = asked(server)
    assert NEEDLE in (answer.text or "")
    assert answer.ranking == again.ranking == "bm25 and dense (bge)"
    assert server.texts[first:] == [QUESTION]


def test_the_ranking_is_part_of_what_makes_a_run() -> None:
    with EmbeddingServer() as server:
        ids = {asked(server, retriever=kind).run_id for kind in ("bm25", "dense", "hybrid")}
    assert len(ids) == 3


def test_a_cross_encoder_puts_chunks_in_order() -> None:
    with EmbeddingServer() as server:
        answer = asked(server, retriever="bm25", embedder="static", rerank="cross")
    assert NEEDLE in (answer.text or "")
    assert [path for path, _ in server.bodies] == ["/v1/rerank"]


def test_a_cross_encoder_that_fails_leaves_the_order_and_is_told() -> None:
    events: list[Event] = []
    with EmbeddingServer((400, {"error": "no"})) as server:
        answer = asked(server, events, retriever="bm25", embedder="static", rerank="cross")
    assert NEEDLE in (answer.text or "")
    (told,) = [event.message for event in events if isinstance(event, Warned)]
    assert told.startswith("Chunks stay in the order of the retriever: ")


@pytest.mark.parametrize(("reply", "first"), [("2, 1", [1, 0]), ("none", [0, 1]), ("Numbers? No idea.", [0, 1])])
def test_the_model_puts_chunks_in_order(reply: str, first: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    ordered: list[tuple[list[Ranked], list[Ranked]]] = []

    class Watched(ByModel):
        async def __call__(self, ctx: Any, query: str, ranked: list[Ranked]) -> list[Ranked]:
            ordered.append((ranked, await super().__call__(ctx, query, ranked)))
            return ordered[-1][1]

    monkeypatch.setattr(wanted, "ByModel", Watched)

    class Orders(PromptReader):
        async def complete(self, request: Any) -> Any:
            if request.role == "reranking/order":
                self.orders = [*getattr(self, "orders", []), request]
                return await ScriptedModel([reply]).complete(request)
            return await super().complete(request)

    model = Orders()
    with EmbeddingServer() as server:
        answer = asked(server, model=model, retriever="bm25", embedder="static", rerank="model")
    assert NEEDLE in (answer.text or "")
    assert len(model.orders) == (2 if reply.startswith("Numbers") else 1)
    ((before, after),) = ordered
    assert after[:2] == [before[at] for at in first]
    assert after[2:] == before[2:]


def test_a_server_of_embeddings_that_is_gone_is_told() -> None:
    with EmbeddingServer() as server:
        pass
    with pytest.raises(ModelUnavailableError, match="cannot reach the model server"):
        asked(server)


def test_a_language_the_static_embedder_lacks_is_told_once() -> None:
    if find_spec("wordllama") is None:
        pytest.skip("the extra `local` is not installed")
    events: list[Event] = []
    text = "La ballena blanca nada en el mar.\n\nEl capitán del barco la busca con toda su gente desde hace años.\n" * 9
    with Session(model=PromptReader(), strategy="rag") as session:
        answers = session.ask_many(text, ["¿Quién busca la ballena?", "¿Dónde nada?"], on_event=events.append)
    assert {answer.ranking for answer in answers} == {"bm25"}
    told = [event.message for event in events if isinstance(event, Warned) and "language" in event.message]
    assert len(told) == 1

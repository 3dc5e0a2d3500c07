import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from longagent.documents.tokens import count_tokens
from longagent.llm.client import Client
from longagent.llm.model import Message
from longagent.llm.tokenizers import UNKNOWN_TOKENIZER_MARGIN, Guess, Margin, TokenCounter
from longagent.testing.http_thread import Connection, HttpRequest, HttpThread

TEXT = "The heir is named in the second will. " * 40


def test_a_margin_starts_on_the_high_side_and_rounds_up() -> None:
    margin = Margin()
    assert margin.factor == UNKNOWN_TOKENIZER_MARGIN == 1.15
    assert [margin.of(count) for count in (0, 1, 10, 100)] == [0, 2, 12, 115]


def test_reports_only_raise_it() -> None:
    margin, factors = Margin(), []
    for reported in (900, 1100, 1300, 900, 2000):
        margin.learn(1000, reported)
        factors.append(margin.factor)
    assert factors == pytest.approx([1.15, 1.15, 1.326, 1.326, 2.04])


@pytest.mark.parametrize(("reported", "factor"), [(1, 1.15), (100_000, 4.0)])
def test_nonsense_has_bounds(reported: int, factor: float) -> None:
    margin = Margin()
    margin.learn(1000, reported)
    assert margin.factor == factor


@pytest.mark.parametrize(("counted", "reported"), [(20, 90), (0, 500), (1000, 0), (1000, -1)])
def test_what_teaches_nothing_changes_nothing(counted: int, reported: int) -> None:
    margin = Margin()
    margin.learn(counted, reported)
    assert margin.factor == UNKNOWN_TOKENIZER_MARGIN


class Tokenize:
    """A server whose /tokenize answers as told; anything else is 404."""

    def __init__(self, answer: Callable[[Any], Any], status: int = 200) -> None:
        self.asked: list[Any] = []
        self.keys: list[str | None] = []
        self._answer = answer
        self._status = status

    async def __call__(self, request: HttpRequest, connection: Connection) -> None:
        if (request.method, request.path) != ("POST", "/tokenize"):
            await connection.respond(404, {})
            return
        self.asked.append(json.loads(request.body))
        self.keys.append(request.headers.get("authorization"))
        await connection.respond(self._status, self._answer(self.asked[-1]))

    def use(self, work: Callable[[TokenCounter], Awaitable[Any]]) -> Any:
        async def main(url: str) -> Any:
            async with Client([url]) as client:
                return await work(TokenCounter(client, [url], served="sim", key="key-4711"))

        with HttpThread(self) as server:
            return asyncio.run(main(f"http://127.0.0.1:{server.port}/v1"))


def vllm(asked: Any) -> Any:
    tokens = list(range(len(asked["prompt"])))
    return {"count": len(tokens), "max_model_len": 4096, "tokens": tokens, "token_strs": None}


def llama_cpp(asked: Any) -> Any:
    return {"tokens": list(range(len(asked["content"])))}


@pytest.mark.parametrize("answer", [vllm, llama_cpp])
def test_the_servers_own_count_is_used(answer: Callable[[Any], Any]) -> None:
    server = Tokenize(answer)

    async def work(counter: TokenCounter) -> list[int]:
        return [await counter.count(text) for text in (TEXT, "", "naïve \ud800")]

    assert server.use(work) == [len(TEXT), 0, 7]
    assert server.asked[0]["model"] == "sim"
    assert set(server.keys) == {"Bearer key-4711"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda _: {"detail": "Not Found"}, 404),
        (lambda _: b"<html>It works!</html>", 200),
        (lambda _: [1, 2], 200),
        (lambda _: {"count": "many"}, 200),
        (lambda _: {"count": -1}, 200),
        (lambda _: {"count": True}, 200),
        (lambda _: b"[" * 99_999, 200),
    ],
)
def test_a_server_that_answers_oddly_is_never_asked_again(answer: Callable[[Any], Any], status: int) -> None:
    server = Tokenize(answer, status)

    async def work(counter: TokenCounter) -> list[int]:
        return [*await asyncio.gather(*(counter.count(TEXT) for _ in range(9))), await counter.count(TEXT)]

    guess = Margin().of(count_tokens(TEXT))
    assert server.use(work) == [guess] * 10
    assert len(server.asked) == 1


def test_a_server_that_stops_counting_is_not_asked_again() -> None:
    server = Tokenize(lambda asked: vllm(asked) if len(server.asked) < 3 else {})

    async def work(counter: TokenCounter) -> list[int]:
        return [await counter.count(TEXT) for _ in range(4)]

    assert server.use(work) == [len(TEXT), *[Margin().of(count_tokens(TEXT))] * 3]
    assert len(server.asked) == 3


def test_a_very_long_text_is_not_sent() -> None:
    server = Tokenize(vllm)

    async def work(counter: TokenCounter) -> tuple[int, int]:
        return await counter.count("word " * 50_000), await counter.count("word")

    assert server.use(work) == (Margin().of(count_tokens("word " * 50_000)), 4)
    assert max(len(asked["prompt"]) for asked in server.asked) == 4


def test_openai_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> int:
        url = "https://api.openai.com/v1"
        async with Client([url]) as client:
            monkeypatch.setattr(client, "session", lambda: pytest.fail("a connection was made"))
            return await TokenCounter(client, [url], served="gpt-4o", key=None).count(TEXT)

    assert asyncio.run(main()) == Margin().of(count_tokens(TEXT))


def test_the_margin_is_learned_from_what_is_reported() -> None:
    prompt: list[Message] = [{"role": "system", "content": TEXT}, {"role": "user", "content": TEXT}]
    counted = 2 * count_tokens(TEXT)

    async def work(counter: TokenCounter) -> list[float]:
        factors = []
        await counter.count("a")
        for reported in (None, 10, 2 * counted, 3 * counted):
            await counter.learn(prompt, reported)
            factors.append(counter.margin.factor)
        return factors

    assert Tokenize(vllm, 404).use(work) == pytest.approx([1.15, 1.15, 2.04, 3.06])


def test_short_prompts_do_not_use_up_the_lessons() -> None:
    async def work() -> list[float]:
        guess, factors = Guess(), []
        for reported in [60] * 20 + [count_tokens(TEXT) * 2] + [count_tokens(TEXT)] * 20 + [count_tokens(TEXT) * 3]:
            await guess.learn([{"role": "user", "content": TEXT}], reported)
            factors.append(guess.margin.factor)
        return factors

    factors = asyncio.run(work())
    assert factors[19] == UNKNOWN_TOKENIZER_MARGIN
    # After eight that taught something it has seen enough.
    assert factors[20] == factors[-1] == pytest.approx(2.04)


def test_nothing_is_learned_where_the_server_counts() -> None:
    async def work(counter: TokenCounter) -> float:
        await counter.count("a")
        await counter.learn([{"role": "user", "content": TEXT}], 100_000)
        return counter.margin.factor

    assert Tokenize(vllm).use(work) == UNKNOWN_TOKENIZER_MARGIN

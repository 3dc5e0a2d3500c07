"""What stands for a call, and how its reply is kept."""

from dataclasses import asdict, replace
from pathlib import Path

from support.desk import Desk, Model, at_desk, request

from longagent.llm.model import Reply, Request, TokenLogprob
from longagent.llm.replies import request_key
from longagent.testing import ScriptedModel

ASKED = Request(messages=({"role": "user", "content": "Hello"},), max_tokens=64, seed=3, stop=("x",))


def test_what_stands_for_a_call_is_as_it_ever_was() -> None:
    # Replies in users' caches, and runs that were interrupted, are found by it.
    expected = "c1901c417fb8c553bc41d2e4b0d53ac94e1da943cdfb28c33978e4399609f833"
    assert request_key(ScriptedModel([]), ASKED).hex() == expected


def test_what_holds_a_reply_to_a_form_is_part_of_the_call() -> None:
    model = ScriptedModel([])
    asked = [
        ASKED,
        replace(ASKED, choices=("yes", "no")),
        replace(ASKED, choices=("no", "yes")),
        replace(ASKED, schema="{}"),
        replace(ASKED, logprobs=0),
        replace(ASKED, logprobs=2),
    ]
    assert len({request_key(model, each) for each in asked}) == len(asked)


class Telling(Model):
    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        told = (TokenLogprob(token="said", logprob=-0.5, top=(("said", -0.5), ("sad", -1.5))),)
        return replace(reply, logprobs=told if request.logprobs is not None else None)


def test_log_probabilities_are_kept_with_the_reply(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, asked = Telling(), replace(request(), logprobs=1)
        first = await desk.calls().complete(model, asked)
        assert first.logprobs is not None
        assert await desk.calls().complete(model, asked) == first
        desk.journal = None
        assert await desk.calls().complete(model, asked) == first
        assert desk.sources == ["journal", "cache"]

    at_desk(tmp_path, test)


def test_other_replies_are_kept_as_before_there_were_any(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Telling()
        reply = await desk.calls().complete(model, request())
        assert desk.cache is not None
        record = await desk.cache.get(request_key(model, request()))
        assert record == {name: value for name, value in asdict(reply).items() if name != "logprobs"}

    at_desk(tmp_path, test)


def test_log_probabilities_of_another_version_are_no_reply(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Model()
        assert desk.cache is not None
        await desk.cache.put(request_key(model, request()), {"text": "known", "logprobs": [{"token": "known"}]})
        assert (await desk.calls().complete(model, request())).text == "said 1"

    at_desk(tmp_path, test)

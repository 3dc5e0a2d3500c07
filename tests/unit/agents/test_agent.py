"""A role asks, asks once more where the reply is of no use, and then says so."""

import asyncio
import json
from dataclasses import replace
from typing import Any, Literal

import pytest

from longagent.agents.agent import Agent, Said
from longagent.errors import BudgetReached, ContextTooLongError, ReplyError
from longagent.llm.model import Reply, Request
from longagent.testing import ScriptedModel

NAME = "answering/from_passages"
VALUES = {"passages": "<passages>", "question": "<question>", "otherwise": ""}


class Model(ScriptedModel):
    """Replies in order; each with how it ended, or an error."""

    def __init__(self, *replies: tuple[str, Literal["stop", "length", "other"]] | Exception) -> None:
        self.turns = iter(replies)
        super().__init__(lambda _: "")

    async def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        turn = next(self.turns)
        if isinstance(turn, Exception):
            raise turn
        return Reply(text=turn[0], finish=turn[1])


def number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ReplyError("that is no number.") from None


def ask(agent: Agent[Any], model: ScriptedModel, **options: Any) -> Said[Any]:
    said: Said[Any] = asyncio.run(agent(model, max_tokens=50, **options, **VALUES))
    return said


def test_a_good_reply_takes_one_call_that_says_all_about_itself() -> None:
    agent, model = Agent(NAME, parse=number), Model(("12", "stop"))
    said = ask(agent, model, seed=3, stop=("x",), temperature=0.5, sample=2, final=True)
    assert said == Said(12, cut=False)
    (request,) = model.requests
    assert (request.role, request.prompt, request.max_tokens) == (NAME, agent.prompt.hash, 50)
    assert (request.seed, request.stop, request.temperature, request.sample) == (3 + 2, ("x",), 0.5, 2)
    assert request.final
    assert "<passages>" in request.messages[-1]["content"]


def test_with_one_seed_samples_are_no_copies() -> None:
    agent, model = Agent(NAME, parse=number), Model(*[("12", "stop")] * 4)
    for sample in range(3):
        ask(agent, model, seed=3, temperature=0.5, sample=sample)
    ask(agent, model, temperature=0.5, sample=2)
    assert [request.seed for request in model.requests] == [3, 4, 5, None]


def test_an_unusable_reply_is_asked_about_once_with_what_was_wrong_with_it() -> None:
    model = Model(("twelve", "stop"), ("12", "stop"))
    assert ask(Agent(NAME, parse=number), model, final=True).value == 12
    first, second = model.requests
    assert second.messages[:-1] == first.messages[:-1]
    assert second.messages[-1]["content"].startswith(first.messages[-1]["content"])
    assert "that is no number" in second.messages[-1]["content"]
    assert "twelve" not in second.messages[-1]["content"]
    assert replace(second, messages=first.messages) == first
    assert second.final


def test_two_unusable_replies_are_an_error() -> None:
    model = Model(("twelve", "stop"), ("a dozen", "stop"), ("12", "stop"))
    with pytest.raises(ReplyError, match="no number"):
        ask(Agent(NAME, parse=number), model)
    assert len(model.requests) == 2


def test_a_reply_cut_off_before_it_was_usable_is_not_asked_about_again() -> None:
    model = Model(("  ", "length"), ("12", "stop"))
    with pytest.raises(ReplyError, match="scripted used up its 50 tokens before answering"):
        ask(Agent(NAME, parse=number), model)
    assert len(model.requests) == 1


def test_free_text_that_was_cut_off_is_kept_and_flagged() -> None:
    assert ask(Agent(NAME, parse=str.strip), Model((" It was ", "length"))) == Said("It was", cut=True)


def test_a_tagged_reply_that_was_cut_off_is_worthless() -> None:
    model = Model(("12", "length"))
    with pytest.raises(ReplyError, match="used up its 50 tokens"):
        ask(Agent(NAME, parse=number, tagged=True), model)
    assert ask(Agent(NAME, parse=number, tagged=True), Model(("12", "stop"))).value == 12


def test_silence_twice_means_what_the_role_says_it_means() -> None:
    model = Model(("", "stop"), (" \n", "stop"))
    assert ask(Agent(NAME, parse=str.strip, silence="nothing"), model) == Said("nothing", cut=False)
    with pytest.raises(ReplyError, match="empty"):
        ask(Agent(NAME, parse=str.strip), Model(("", "stop"), ("", "stop")))


@pytest.mark.parametrize("finish", ["length", "other"])
def test_silence_that_is_not_meant_is_a_failure(finish: Literal["length", "other"]) -> None:
    with pytest.raises(ReplyError):
        ask(Agent(NAME, parse=str.strip, silence=""), Model(("", "stop"), ("", finish)))


def test_where_the_second_question_does_not_fit_the_first_trouble_is_told() -> None:
    model = Model(("twelve", "stop"), ContextTooLongError("too long."))
    with pytest.raises(ReplyError, match="no number"):
        ask(Agent(NAME, parse=number), model)


def salvaging() -> Agent[int]:
    return Agent(NAME, parse=number, salvage=len, fallback=0)


def test_of_a_reply_that_cannot_be_read_twice_its_words_may_be_of_use() -> None:
    model = Model(("twelve", "stop"), ("a dozen", "stop"))
    assert ask(salvaging(), model) == Said(7, cut=False, assumed=True)
    assert ask(salvaging(), Model(("twelve", "stop"), (" ", "stop"))) == Said(6, cut=False, assumed=True)
    assert ask(salvaging(), Model(("twelve", "stop"), ContextTooLongError("too long."))).value == 6
    assert ask(salvaging(), Model(("twelve", "stop"), ("12", "stop"))) == Said(12, cut=False)


def test_where_a_limit_forbids_to_ask_again_the_first_reply_is_used_if_it_can_be() -> None:
    def turns(first: str) -> Model:
        return Model((first, "stop"), BudgetReached("calls"))

    assert ask(salvaging(), turns("twelve")) == Said(6, cut=False, assumed=True)
    assert ask(Agent(NAME, parse=number, fallback=0), turns("twelve")) == Said(0, cut=False, assumed=True)
    for agent, first in ((Agent(NAME, parse=number), "twelve"), (Agent(NAME, parse=number, salvage=len), " ")):
        with pytest.raises(BudgetReached):
            ask(agent, turns(first))


def test_a_reply_cut_off_before_it_was_usable_is_salvaged_at_once() -> None:
    assert ask(salvaging(), Model(("twelve", "length"))) == Said(6, cut=True, assumed=True)


def test_where_there_are_no_words_the_fallback_is_left() -> None:
    assert ask(salvaging(), Model(("", "stop"), (" ", "stop"))) == Said(0, cut=False, assumed=True)


def test_what_cannot_be_used_must_not_be_remembered() -> None:
    model = Model(("12", "stop"))
    ask(Agent(NAME, parse=number, tagged=True), model)
    check = model.requests[0].check
    assert check is not None
    check(Reply(text="12"))
    for bad in (Reply(text=""), Reply(text="twelve"), Reply(text="12", finish="length")):
        with pytest.raises(ReplyError):
            check(bad)


def test_a_role_is_the_last_part_of_its_name_unless_it_shares_anothers() -> None:
    assert Agent(NAME, parse=number).role == "from_passages"
    assert Agent(NAME, parse=number, role="leader").role == "leader"


def test_overhead_counts_the_prompt_as_it_will_be_sent() -> None:
    agent, model = Agent(NAME, parse=number), ScriptedModel(["12"])
    overhead = asyncio.run(agent.overhead(model, **VALUES))
    ask(agent, model)
    sent = asyncio.run(model.count_tokens(model.prompts[0]))
    assert sent < overhead < sent + 40


def test_a_role_says_what_its_whole_reply_can_be() -> None:
    schema = {"type": "object", "properties": {"b": {}, "a": {}}}
    roles = Agent(NAME, parse=number, choices=["1", "2"]), Agent(NAME, parse=number, schema=schema)
    for role, choices, asked in ((roles[0], ("1", "2"), None), (roles[1], (), schema)):
        model = Model(("none", "stop"), ("1", "stop"))
        ask(role, model)
        # Also when it asks again, for not every server sees to it.
        assert [request.choices for request in model.requests] == [choices] * 2
        assert [request.schema for request in model.requests] == [asked and json.dumps(asked)] * 2
    with pytest.raises(ValueError, match="cannot be both"):
        Agent(NAME, parse=number, choices=["1"], schema={})


def test_choices_may_depend_on_what_a_prompt_offers() -> None:
    role, model = Agent(NAME, parse=number), Model(("1", "stop"), ("1", "stop"))
    ask(role.choosing(["1", "2"]), model)
    ask(role, model)
    assert [request.choices for request in model.requests] == [("1", "2"), ()]

"""Prompts that read a passage begin with it: what two questions share comes before what tells them apart.

Servers keep the work on a prompt's beginning. So instructions and passage come first, then what depends on the question
or on what was read before. Holds for every strategy of the registry, those of other packages included.
"""

import asyncio
import re
from collections import defaultdict
from hashlib import sha256

import pytest
from support.survey import QUESTION, long_document

from longagent.documents import Loaded
from longagent.errors import LongagentError
from longagent.graphs import Models, Run, registry, resolve
from longagent.llm.model import Request
from longagent.testing import ScriptedModel, chain_reader

OTHER = "Which gull was seen again near marker 3, and what was the colour of the sand?"
EXEMPT: dict[str, str] = {}
"""Roles that may show a passage late, by name, with the reason; where a strategy's default asks for it."""
SETTINGS: dict[str, dict[str, str]] = {"full-context": {"overflow": "cut"}}
"""What it takes to have a strategy read a document longer than the window."""

PASSAGE = re.compile(r"^\[passage [^\n]*\b([0-9a-f]{8})\]\n(.*?)\n\[end \1\]$", re.MULTILINE | re.DOTALL)


def reply(request: Request) -> str:
    """Reply as a reader would, so that roles get what they ask for, but never alike to different prompts."""
    return f"{chain_reader(request.messages)} Seen as {sha256(prompt(request).encode()).hexdigest()[:6]}."


def prompt(request: Request) -> str:
    return "\n\n".join(message["content"] for message in request.messages)


def readings(strategy: str, question: str) -> list[Request]:
    """The calls of a run that read passages."""
    model = ScriptedModel(reply, window=2048)
    document = long_document(20)

    async def go() -> None:
        run = Run(
            Loaded((document,), ()), Models(model), resolve(strategy, SETTINGS.get(strategy, {})), emit=lambda _: None
        )
        # What a reader without sense makes of it does not matter here; what it was shown does.
        try:
            await run.answer(question, seed=None)
        except LongagentError:
            assert model.requests

    asyncio.run(go())
    return [request for request in model.requests if PASSAGE.search(prompt(request))]


def shown(text: str) -> tuple[tuple[str, ...], int]:
    """The passages in a prompt, and where the last ends that follows the first with nothing between."""
    found = list(PASSAGE.finditer(text))
    end = found[0].end()
    for passage in found[1:]:
        if text[end : passage.start()].strip():
            break
        end = passage.end()
    return tuple(passage[2] for passage in found if passage.end() <= end), end


def common(one: str, other: str) -> int:
    """The length of what two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def late(first: list[Request], second: list[Request], question: str) -> dict[str, str]:
    """The roles whose prompts tell two questions apart before their passage ends, each with such a beginning."""
    twins = defaultdict(list)
    for request in second:
        twins[request.role, shown(prompt(request))[0]].append(prompt(request))
    found = {}
    for request in first:
        text = prompt(request)
        passages, end = shown(text)
        # Where the other question chose other passages, its own words are all there is to look for.
        shared = max((common(text, twin) for twin in twins[request.role, passages]), default=end)
        if shared < end or question in text[:end]:
            found[request.role] = text[: min(shared, end)][-200:]
    return found


@pytest.mark.parametrize("strategy", registry.names())
def test_two_questions_share_the_prompt_up_to_the_end_of_the_passage(strategy: str) -> None:
    first, second = readings(strategy, QUESTION), readings(strategy, OTHER)
    assert first, f"{strategy} shows no model a passage"
    found = late(first, second, QUESTION)
    wrong = {role: where for role, where in found.items() if role not in EXEMPT}
    assert not wrong, (
        f"{strategy}: what depends on the question or on earlier replies comes before the passage: {wrong}"
    )
    roles = {agent.name for agent in registry.get(strategy).agents}
    assert not (EXEMPT.keys() & roles) - found.keys(), f"{strategy}: exempt without need"


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("{passage}\n\n{memory}\n\nQuestion: {question}", False),
        ("{passage}", False),
        ("Question: {question}\n\n{passage}", True),
        ("{memory}\n\n{passage}\n\nQuestion: {question}", True),
    ],
)
def test_a_prompt_that_shows_its_passage_late_is_noticed(form: str, wrong: bool) -> None:
    def asked(question: str) -> list[Request]:
        passage = "[passage 1, page 1, 0123abcd]\nIt rained.\n[end 0123abcd]"
        memory = f"[summary, 4567abcd]\nUseful for {question}\n[end 4567abcd]"
        content = form.format(passage=passage, memory=memory, question=question)
        return [Request(messages=({"role": "user", "content": content},), max_tokens=9, role="tests/reader")]

    assert bool(late(asked(QUESTION), asked(OTHER), QUESTION)) == wrong

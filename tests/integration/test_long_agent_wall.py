"""`long-agent` over HTTP: members take as long as their number divided by how many are read at once."""

import re

from support.survey import NEEDLE, QUESTION, long_document

from longagent.llm.model import Message
from longagent.session import Session
from longagent.testing import SimulatedServer

DELAY = 0.2
SLOTS = 4


def reply(messages: list[Message]) -> str:
    text = "\n".join(message["content"] for message in messages)
    if "Write one instruction" in text:
        return f"Instruction: {QUESTION}\nParts: one"
    if "What is next?" in text:
        return f"Action: ANSWER\nAnswer: {NEEDLE}"
    return f"Notes: It was rebuilt.\nAnswer: {NEEDLE}" if NEEDLE in text else "Not found."


def test_n_members_take_the_time_of_n_over_c_calls() -> None:
    with SimulatedServer(reply, delay=DELAY, slots=SLOTS) as server:
        options = {"base_url": server.base_url, "concurrency": SLOTS, "cache": False}
        with Session(strategy="long-agent", settings={"window": 1024}, **options) as session:
            answer = session.ask(long_document(20), QUESTION)
        calls, peak = len(server.chats), server.peak
    n = answer.coverage.chunks
    assert n >= 3 * SLOTS
    # The leader before and after: each waits for what comes before it.
    batches = 1 + -(-n // SLOTS) + 1
    assert (calls, peak) == (n + 2, SLOTS)
    assert batches * DELAY <= answer.seconds
    assert answer.seconds < (calls * DELAY) * 0.75, "members were read one after the other"
    assert re.search("482,000", answer.text or "")

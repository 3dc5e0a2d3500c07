"""One question through a strategy's graph."""

import asyncio
from typing import Any, NamedTuple

from longagent.answer import Answer, Verify
from longagent.documents import Document, Loaded
from longagent.events import Event
from longagent.graphs import Means, Models, Run, resolve
from longagent.llm.model import Model


class Asked(NamedTuple):
    """What a run did: its answer and its events."""

    answer: Answer
    events: list[Event]


def ask(
    model: Model, document: Document, question: str, *, strategy: str = "rag", verify: Verify = "mark", **settings: Any
) -> Asked:
    """Run one question through a strategy's graph."""
    events: list[Event] = []

    async def go() -> Answer:
        made = Run(
            Loaded((document,), ()),
            Models(model),
            resolve(strategy, settings),
            emit=events.append,
            means=Means(verify=verify),
        )
        return await made.answer(question, seed=None)

    return Asked(asyncio.run(go()), events)

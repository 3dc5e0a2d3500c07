"""One question, without keeping a session."""

import asyncio
from typing import Any

from longagent.answer import Answer
from longagent.documents.sources import Sources
from longagent.session import Session


def ask(sources: Sources, question: str, **session: Any) -> Answer:
    """Answer one question; takes what `Session` takes. For several questions, keep a `Session`."""
    with Session(**session) as opened:
        return opened.ask(sources, question)


async def aask(sources: Sources, question: str, **session: Any) -> Answer:
    """Answer one question; as `ask`, awaited."""
    opened = Session(**session)
    try:
        return await opened.aask(sources, question)
    finally:
        await asyncio.to_thread(opened.close)


def reason(question: str, **session: Any) -> Answer:
    """Answer one question without documents, in rounds of reasoning; takes what `Session` takes."""
    with Session(**session) as opened:
        return opened.reason(question)


async def areason(question: str, **session: Any) -> Answer:
    """Answer one question without documents; as `reason`, awaited."""
    opened = Session(**session)
    try:
        return await opened.areason(question)
    finally:
        await asyncio.to_thread(opened.close)

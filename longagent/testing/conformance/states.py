"""Everything that travels through a strategy's graph, to be looked at."""

from collections.abc import Iterator, Sequence
from typing import Any

from longagent.graphs import Means, Models, orchestrator
from longagent.graphs.context import Context
from longagent.llm.budget import Budget, Limits
from longagent.llm.calls import Calls
from longagent.llm.flights import Flights
from longagent.llm.replies import Replies
from longagent.testing.conformance.trial import DOCUMENT, QUESTION, Reader, Trial

_LONGEST_QUOTE = 80
"""Code points of the document in a row that may be chance, or a name."""


async def states(trial: Trial, model: Reader) -> list[tuple[str, Any]]:
    """Run a strategy and return what its nodes were given and what they returned, each with a name."""
    from langsmith.run_helpers import tracing_context

    cut, estimate, resolved = await trial.prepared()
    models = Models(model)
    calls = Calls(
        "conformance",
        emit=lambda _: None,
        budget=Budget(Limits()),
        replies=Replies(journal=None, cache=None),
        flights=Flights(),
    )
    context = Context(
        models=models,
        writer=models.of(estimate.writers[0].role),
        calls=calls,
        documents=[DOCUMENT],
        chunks=cut.chunks,
        retriever=cut.ranking.get,
        config=resolved.config,
        emit=lambda _: None,
        delimiters=Means().delimiters,
        seed=7,
    )
    found = []
    graph = orchestrator.build(trial.strategy)
    # A tracing variable of the host program's must not send its strategy's state anywhere.
    with tracing_context(enabled=False):
        parts = graph.astream(
            {"question": QUESTION},
            {"recursion_limit": 1000},
            context=context,
            stream_mode=["tasks", "values"],
            subgraphs=True,
        )
        part: Any  # LangGraph's stubs do not know that several modes yield triples
        async for _, mode, part in parts:
            if mode == "values":
                found.append(("state", part))
            else:
                kind = "input" if "input" in part else "result"
                found.append((f"{kind} of {part['name']}", part[kind]))
    return found


def strings(value: Any, where: str) -> Iterator[tuple[str, str | None]]:
    """Yield every string in a value and where it stands; `None` for what is not plain JSON."""
    if isinstance(value, str):
        yield where, value
    elif type(value) is list:
        for index, item in enumerate(value):
            yield from strings(item, f"{where}[{index}]")
    elif type(value) is dict:
        for key, item in value.items():
            yield from strings(key, f"{where}.{key}") if type(key) is str else ((f"{where}[{key!r}]", None),)
            yield from strings(item, f"{where}.{key}")
    elif value is not None and type(value) not in (bool, int, float):
        yield f"{where} ({type(value).__name__})", None


def quoted(text: str, said: Sequence[str]) -> str:
    """Return a long run of the document's text in a text, unless a model said it; empty if there is none."""
    for start in range(len(text) - _LONGEST_QUOTE + 1):
        run = text[start : start + _LONGEST_QUOTE]
        if run in DOCUMENT.text and not any(run in reply for reply in said):
            return run
    return ""

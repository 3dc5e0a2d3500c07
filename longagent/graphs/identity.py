"""What makes two runs the same run."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from longagent.documents import Document
from longagent.graphs.strategy import Strategy
from longagent.llm.model import Model
from longagent.llm.roles import Models


def run_id(
    documents: Sequence[Document],
    question: str,
    *,
    together: Sequence[str],
    strategy: Strategy,
    config: Any,
    models: Models,
    ranking: str,
    seed: int | None,
) -> str:
    """Return 16 hexadecimal digits: a hash of all that decides what a run does, and of nothing else.

    The same command has the same id, so that it goes on where it was interrupted. Limits are left out: a run that a
    limit ended goes on when it is raised.

    Args:
        documents: what is read.
        question: what is answered.
        together: all questions that are read for together, if there are several.
        strategy: how it is read.
        config: the strategy's own.
        models: who reads.
        ranking: what decides which chunks are read first, or at all.
        seed: of sampling.
    """
    identity: dict[str, Any] = {
        "documents": [document.id for document in documents],
        "question": question,
        "strategy": strategy.name,
        "config": asdict(config),
        "models": {agent.role: _model(models.of(agent.role)) for agent in strategy.agents},
        "ranking": ranking,
        "seed": seed,
        "prompts": {agent.name: agent.prompt.hash for agent in strategy.agents},
    }
    if together:
        identity["together"] = [*together]
    return sha256(json.dumps(identity, sort_keys=True, default=str).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _model(model: Model) -> list[Any]:
    return [model.name, model.profile.identity, model.profile.window]

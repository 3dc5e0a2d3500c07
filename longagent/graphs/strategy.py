"""What a strategy is: a name, a frozen config, a plan, and one LangGraph graph of agents.

The contract, which `longagent.testing.conformance` checks:

- State is plain JSON: ids, offsets, running memory; never document text.
- Every reading goes through `Context.attempt`; a chunk that fails is added to `chunks_failed` and the run goes on.
- Once `Context.may_read_on` is false, or an attempt comes back `unread`, the graph goes to its answer node, which
  answers from what was read. Calls that write the answer are marked `final`: their room, as estimated, is kept. A
  strategy whose answer is one of the replies as it is plans none, and says whose words they are: `Estimate.worded_by`.
- Which model plays a role is asked of `Context.model`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from longagent.agents.agent import Agent
from longagent.agents.passages import Delimiters
from longagent.documents import Chunk
from longagent.documents.tokens import count_tokens
from longagent.graphs.context import Context
from longagent.graphs.state import SpanRef, StrategyState
from longagent.llm.model import Model
from longagent.llm.roles import Models
from longagent.store.index_store import IndexStore

if TYPE_CHECKING:
    from langgraph.graph import StateGraph

__all__ = ["Context", "Estimate", "Plan", "Planned", "SpanRef", "Strategy", "StrategyState", "strategy"]


@dataclass(frozen=True)
class Plan:
    """What a strategy knows before anything is read."""

    question: str
    config: Any
    """The strategy's own config."""
    models: Models
    sample: str
    """Some of the documents' text, to compare tokenizers with."""
    delimiters: Delimiters
    scales: dict[tuple[str, str], float] = field(default_factory=dict)
    """Results of `scale` so far: what a model's tokens are taken to be must not change between two questions."""
    questions: tuple[str, ...] = ()
    """All questions that are read for together; empty where each is read for by itself. See `Strategy.reads_once`."""
    index: IndexStore | None = None
    """What was read of chunks for all questions; see `Context.index`."""

    def model(self, agent: Agent[Any]) -> Model:
        """Return the model that plays a role."""
        return self.models.of(agent.role)

    async def scale(self, model: Model) -> float:
        """Return how many of a model's tokens one of the tokens is that chunks are measured in."""
        key = (model.name, self.sample)
        if key not in self.scales:
            counted = await model.count_tokens(self.sample)
            self.scales[key] = max(0.8, counted / max(1, count_tokens(self.sample)))
        return self.scales[key]


def _reads_for_each(_config: Any) -> bool:
    return False


class Planned(NamedTuple):
    """Calls of one role."""

    agent: Agent[Any]
    calls: int
    prompt_tokens: int
    """Of all these calls together, at most."""
    completion_tokens: int
    """Likewise."""
    final: bool = False
    """Whether they write the answer; a budget keeps room for them."""
    shared: bool = False
    """Whether they are the same calls whatever the question is, so that several questions need them once."""

    def plus(self, other: "Planned") -> "Planned":
        """Return both; they are of one role."""
        return self._replace(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a question will take, told before the first call. Retries, repairs and split chunks come on top."""

    planned: tuple[Planned, ...]
    depth: int
    """Calls that wait for each other."""
    exact: bool = True
    """Whether the number of calls is exact; otherwise it is an upper bound."""
    worded_by: Agent[Any] | None = None
    """Where no part is final: the role one of whose replies is the answer as it is, so that answering costs nothing."""

    @property
    def calls(self) -> int:
        """Calls of all roles."""
        return sum(part.calls for part in self.planned)

    @property
    def writers(self) -> tuple[Agent[Any], ...]:
        """The roles that word the answer; a plan without any is refused."""
        final = tuple(part.agent for part in self.planned if part.final)
        return final or ((self.worded_by,) if self.worded_by else ())


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A way to read a long document."""

    name: str
    summary: str
    """One line: what it is good for."""
    paper: str | None
    config: type[Any]
    """A frozen dataclass; its fields are the strategy's settings."""
    agents: tuple[Agent[Any], ...]
    """The roles it calls; the hashes of their prompts are part of a run's identity."""
    chunk_tokens: Callable[[Plan], Awaitable[int]]
    """How long chunks should be, in o200k tokens."""
    fill: float
    """How full a chunk is that ends at the next page; see `documents.chunk`."""
    estimate: Callable[[Plan, Sequence[Chunk]], Awaitable[Estimate]]
    build: Callable[[], "StateGraph[Any, Any, Any, Any]"]
    """Makes the graph. Where its module's docstring has a paragraph that begins with "Departures", that is what
    `longagent strategies show` tells of them."""
    cost: str | None = None
    """Its calls for n chunks, and how many wait for each other, in a line for people."""
    reuses: str | None = None
    """What another question about the same document is spared; one line."""
    reads_once: Callable[[Any], bool] = _reads_for_each
    """Whether, so configured, it reads once for all questions of an `ask_many`, which it finds in `Plan.questions` and
    `Context.questions`. Each question has a run of its own, and what is the same call in all of them is made once: so
    chunks and prompts of those that read must follow from all questions, never from the one."""


def strategy(
    name: str,
    *,
    config: type[Any],
    summary: str,
    agents: tuple[Agent[Any], ...],
    chunk_tokens: Callable[[Plan], Awaitable[int]],
    estimate: Callable[[Plan, Sequence[Chunk]], Awaitable[Estimate]],
    paper: str | None = None,
    fill: float = 0.5,
    cost: str | None = None,
    reuses: str | None = None,
    reads_once: Callable[[Any], bool] = _reads_for_each,
) -> Callable[[Callable[[], "StateGraph[Any, Any, Any, Any]"]], Strategy]:
    """Turn a function that builds a graph into a `Strategy`, the object that entry points name."""

    def wrap(build: Callable[[], "StateGraph[Any, Any, Any, Any]"]) -> Strategy:
        return Strategy(
            name=name,
            summary=summary,
            paper=paper,
            config=config,
            agents=agents,
            chunk_tokens=chunk_tokens,
            fill=fill,
            estimate=estimate,
            build=build,
            cost=cost,
            reuses=reuses,
            reads_once=reads_once,
        )

    return wrap

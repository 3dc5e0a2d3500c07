"""What a question will take, told before the first call."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from longagent.documents import Chunk
from longagent.graphs.strategy import Estimate, Planned
from longagent.llm.budget import Spend
from longagent.llm.meter import cost_of
from longagent.llm.roles import Models
from longagent.llm.spending import most_of


@dataclass(frozen=True, kw_only=True)
class RoleForecast:
    """The calls of one role."""

    role: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Calls, tokens and cost of one question. Tokens and cost are upper bounds; retries and repairs come on top."""

    strategy: str
    reason: str
    chunks: int
    calls: int
    exact: bool
    """Whether the number of calls is exact; otherwise it is an upper bound, too."""
    depth: int
    """Calls that wait for each other."""
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """US dollars; `None` when a price is not known."""
    roles: tuple[RoleForecast, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def forecast(strategy: str, reason: str, models: Models, chunks: Sequence[Chunk], estimate: Estimate) -> Forecast:
    """Put prices to an estimate."""
    roles = tuple(_role(part, models) for part in estimate.planned if part.calls)
    costs = [role.cost for role in roles if role.cost is not None]
    return Forecast(
        strategy=strategy,
        reason=reason,
        chunks=len(chunks),
        calls=estimate.calls,
        exact=estimate.exact,
        depth=estimate.depth,
        prompt_tokens=sum(role.prompt_tokens for role in roles),
        completion_tokens=sum(role.completion_tokens for role in roles),
        cost=sum(costs) if len(costs) == len(roles) else None,
        roles=roles,
    )


def all_of(estimates: Sequence[Estimate], *, reads_once: bool) -> Estimate:
    """Return what several questions take: what they share once, and the rest of each."""
    first, *others = estimates
    planned = {(part.agent.name, part.final): part for part in first.planned}
    for part in (part for other in others for part in other.planned):
        key = (part.agent.name, part.final)
        # Of several strategies the first need not be one that has it.
        if key in planned and not part.final and (reads_once or part.shared):
            continue
        planned[key] = part.plus(planned[key]) if key in planned else part
    return Estimate(
        planned=tuple(planned.values()),
        depth=max(estimate.depth for estimate in estimates),
        exact=all(estimate.exact for estimate in estimates),
    )


def most_for_answer(estimate: Estimate, models: Models) -> Spend:
    """Return the most that the calls can cost which write the answer."""
    total = Spend()
    for part in estimate.planned:
        if part.final:
            profile = models.of(part.agent.role).profile
            spend = most_of(profile, calls=part.calls, prompt=part.prompt_tokens, completion=part.completion_tokens)
            total = total.plus(spend)
    return total


def _role(part: Planned, models: Models) -> RoleForecast:
    model = models.of(part.agent.role)
    completion = part.completion_tokens + part.calls * model.profile.thinking_tokens
    return RoleForecast(
        role=part.agent.role,
        model=model.name,
        calls=part.calls,
        prompt_tokens=part.prompt_tokens,
        completion_tokens=completion,
        cost=cost_of(model.profile.price, part.prompt_tokens, completion),
    )

"""Settings of `chain-of-agents`, and the orders in which its chains read."""

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from longagent.graphs.reading import Positive

_SPREAD = 0.7
"""Temperature at which chains that read in the same order come to differ."""


@dataclass(frozen=True)
class ChainConfig:
    """Settings of `chain-of-agents`."""

    task: Literal["qa", "summary", "code"] = "qa"
    """What is asked for; workers of `summary` and `code` don't see the question, as in the paper."""
    direction: Literal["forward", "reverse", "both", "permuted"] = "forward"
    """The order of the chunks; `permuted` draws one for each chain, from the seed."""
    paths: Positive = 1
    """Chains; with `both`, in each direction."""
    choose: Literal["vote", "judge"] | None = None
    """How several chains come to one answer: what most of their answers say, or one more call that picks the most
    reliable unit and answers from it. By default `vote` for `qa`, else `judge`, since long texts never agree."""
    window: Positive = 8192
    """Tokens of a worker's prompt and reply together; less where the model holds less."""
    unit_tokens: Positive | None = None
    """Cap of a communication unit; by default an eighth of the window, at most 1,024."""
    answer_tokens: Positive | None = None
    """Cap of the answer; by default as long as a unit."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Of the workers; by default 0, and 0.7 where several chains read in the same order."""

    @property
    def chains(self) -> int:
        """How many chains there are."""
        return self.paths * (2 if self.direction == "both" else 1)

    @property
    def judged(self) -> bool:
        """Whether a judge decides between the chains."""
        usual = "vote" if self.task == "qa" else "judge"
        return self.chains > 1 and (self.choose or usual) == "judge"

    @property
    def spread(self) -> float:
        """The temperature of the workers."""
        usual = _SPREAD if self.paths > 1 and self.direction != "permuted" else 0.0
        return usual if self.temperature is None else self.temperature


@lru_cache(maxsize=16)
def reading_order(config: ChainConfig, path: int, chunks: int, seed: int | None) -> tuple[int, ...]:
    """Return the indices of the chunks in the order in which a chain reads them."""
    indices = list(range(chunks))
    if config.direction == "permuted":
        Random(f"{seed or 0} {path}").shuffle(indices)  # noqa: S311 - nothing secret
    elif config.direction == "reverse" or (config.direction == "both" and path % 2):
        indices.reverse()
    return tuple(indices)

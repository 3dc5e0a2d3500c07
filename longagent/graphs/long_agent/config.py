"""Settings of `long-agent`."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from longagent.graphs.reading import Positive


@dataclass(frozen=True)
class LongAgentConfig:
    """Settings of `long-agent`."""

    rounds: Annotated[int, Field(gt=0, le=10)] = 3
    """Rounds, at most 10: after each but the last the leader instructs anew, has a conflict settled, or answers; after
    the last it answers. Models that never say "not found" have one."""
    conflicts: bool = True
    """Whether answers that contradict each other are settled by reading chunks of both together; without, chunks are
    about twice as long."""
    max_merges: Positive = 200
    """Such readings in a round, at most; fewer than there are chunks in any case."""
    aliases: bool = True
    """Whether the leader is asked, once a round, which of the different answers mean the same."""
    gather: Literal["auto", "always", "never"] = "auto"
    """Whether the answers of all chunks go before the leader as they are, as a total, a count, a maximum or a list
    needs it. `auto`: as the leader says in its instruction, or, where it does not say, as the question's words do."""
    window: Positive = 4096
    """Tokens of a member's prompt and reply together, which hold two chunks; less where the model holds less."""
    member_tokens: Positive | None = None
    """Cap of a member's reply, notes and answer; by default an eighth of the window, at most 512."""
    answer_tokens: Positive | None = None
    """Cap of the leader's answer; by default an eighth of its window, at most 512."""

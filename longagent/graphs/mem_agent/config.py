"""Settings of `mem-agent`."""

from dataclasses import dataclass
from typing import Literal

from longagent.graphs.reading import Positive


@dataclass(frozen=True)
class MemAgentConfig:
    """Settings of `mem-agent`."""

    layout: Literal["cache", "paper"] = "cache"
    """`cache` puts the passage before question and memory, so that servers can reuse prefixes; `paper` puts it last, as
    the prompts do that the paper's weights were trained with."""
    memory_tokens: Positive | None = None
    """Cap of the memory; by default an eighth of the window, at most 1,024. The paper finds 256 to 4,096 within a few
    points of each other."""
    chunk_tokens: Positive = 5000
    """Tokens of the document in one call, at most; fewer where the window leaves fewer."""
    answer_tokens: Positive | None = None
    """Cap of the answer; by default an eighth of the window, or `memory_tokens` where that is more, at most 1,024."""
    update_gate: bool = False
    """Whether the reader may say that a passage adds nothing, so that the memory stays word for word."""
    exit_gate: bool = False
    """Whether the reader may say that the memory holds all that is needed, so that the rest is not read."""
    together: bool = False
    """Whether the questions of one `ask_many` share one reading and one memory."""

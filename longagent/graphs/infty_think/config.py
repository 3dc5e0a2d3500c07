"""Settings of `infty-think`."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from longagent.graphs.reading import Positive


@dataclass(frozen=True)
class InftyConfig:
    """Settings of `infty-think`."""

    form: Literal["evidence", "read"] = "evidence"
    """How a document comes in: with `evidence` the chunks that rank best stand in the first round, with `read` all are
    read, one a round. Both are our adaptation; without a document neither matters."""
    rounds: Annotated[int, Field(gt=0, le=50)] = 10
    """Rounds at most; with `read`, after the last chunk."""
    segment_tokens: Positive | None = None
    """What a round may reason; by default 1,024, less in small windows."""
    summary_tokens: Positive | None = None
    """Cap of the summary that is carried on; by default 512, less in small windows."""
    answer_tokens: Positive | None = None
    """Cap of a conclusion that is asked for; by default 512, less in small windows."""
    evidence_tokens: Positive | None = None
    """Most document tokens in the first round of `evidence`, as far as the window holds them; by default 6,000, less
    for models that read little well."""
    stop_early: bool = False
    """Whether `read` may conclude before the last chunk; otherwise such a conclusion is taken for a summary."""
    window: Positive = 8192
    """Tokens of a round's prompt and reply together; less where the model holds less."""

"""Settings of `read-agent`."""

from dataclasses import dataclass
from typing import Literal

from longagent.graphs.reading import Positive


@dataclass(frozen=True)
class ReadAgentConfig:
    """Settings of `read-agent`."""

    pages: Positive = 5
    """Pages that are read again for a question, at most; fewer where the window does not hold them."""
    look_up: Literal["parallel", "sequential"] = "parallel"
    """How pages are chosen: all from the gists at once, or one after the other, each seen before the next is chosen."""
    page_tokens: Positive | None = None
    """Length of a page, at most; by default 800, about 600 words. A third of the window and three quarters of what the
    model reads well bound it. Pages end at the next page or section of the document once they are half full."""
    gist_tokens: Positive | None = None
    """Cap of a gist; by default 200, an eighth of small windows, 50 for models that never say "not found"."""
    window: Positive | None = None
    """Tokens of a prompt and its reply together; by default what the model holds."""
    answer_tokens: Positive | None = None
    """Cap of the answer; by default 512, an eighth of small windows."""

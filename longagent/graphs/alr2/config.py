"""Settings of `alr2`."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from longagent.graphs.reading import Positive

_USUAL_WINDOW = 8192


@dataclass(frozen=True)
class Alr2Config:
    """Settings of `alr2`."""

    form: Literal["auto", "chunks", "whole"] = "auto"
    """`whole`: sentences are retrieved from the entire text in one call, as in the paper, or it is refused; `chunks`:
    from each chunk, side by side; `auto`: in one call where the text fits it."""
    check: Literal["drop", "mark", "off"] = "drop"
    """What becomes of sentences that do not stand in the source: `drop` takes them out, `mark` has them shown with a
    mark, `off` has all sentences shown as they were written, as in the paper."""
    passes: Annotated[int, Field(ge=1, le=2)] = 1
    """How often the text is searched; the second time with the sentences at hand that the first found."""
    prefilter: Positive | None = None
    """Only so many chunks are read, those that match the question best (BM25); by default all."""
    reason_with_context: bool = False
    """Whether the answer is written with the chunks at hand in which the sentences stand, as far as they fit."""
    window: Positive | None = None
    """Tokens of each call's prompt and reply together; by default 8,192, and with `form=whole` what the model holds."""
    retrieved_tokens: Positive | None = None
    """Cap of what is retrieved in one call; by default an eighth of the window, at most 1,024."""
    answer_tokens: Positive | None = None
    """Cap of the answer; by default an eighth of the window, at most 512."""

    @property
    def chunk_window(self) -> int:
        """Tokens of the calls that read one chunk."""
        return self.window or _USUAL_WINDOW

    @property
    def most(self) -> int | None:
        """Tokens of the other calls; `None` is as many as the model holds."""
        return self.window if self.form == "whole" else self.chunk_window

"""One round: what the thinker is asked, and what is kept of its reply."""

import asyncio
import re
from collections.abc import Awaitable, Sequence

from longagent.agents.agent import Said
from longagent.agents.checking import holds
from longagent.agents.infty_think import Turn, rule, thinker
from longagent.documents import Chunk, Span
from longagent.events import Reasoned
from longagent.evidence import is_abstention
from longagent.evidence.provenance import Sourced, attribute
from longagent.graphs.fitting import fit
from longagent.graphs.infty_think.config import InftyConfig
from longagent.graphs.infty_think.plan import caps, thinker_for
from longagent.graphs.reading import stops
from longagent.graphs.strategy import Context

_NOWHERE = -1
"""Index of no chunk."""


class Round:
    """A round under way: it takes the summary of the round before, and leaves its own, or a conclusion."""

    def __init__(self, ctx: Context, question: str, before: Sequence[Sourced], *, number: int, more: bool) -> None:
        """Begin a round; `more` tells whether chunks are left for later ones."""
        config: InftyConfig = ctx.config
        self.summary = [*before]
        """Each sentence with the chunks it rests on, as far as that can be told."""
        self.conclusion = ""
        self.broken = 0
        """Replies in which neither summary nor conclusion could be found."""
        self.cut = 0
        """Replies or summaries that their cap cut off."""
        self._ctx = ctx
        self._config = config
        self._question = question
        self._number = number
        self._more = more
        self._model = ctx.model(thinker)
        self._caps = caps(config, self._model.profile)

    async def read(self, chunk: Chunk, span: Span) -> None:
        """Think with a chunk at hand, or with a part of one that is too long."""
        await self._go([span], [chunk], more=self._more or span.end < chunk.span.end)

    async def read_together(self, chunks: Sequence[Chunk]) -> None:
        """Think with several chunks at hand."""
        await self._go([chunk.span for chunk in chunks], chunks, more=self._more)

    async def think(self) -> None:
        """Think with nothing at hand but the summary."""
        await self._go([], [], more=False)

    async def _go(self, spans: Sequence[Span], chunks: Sequence[Chunk], *, more: bool) -> None:
        if self.conclusion:
            return
        may_stop = not more or self._config.stop_early
        said = await self._ask(spans, more=more, may_stop=may_stop)
        self.broken += said.assumed
        turn = said.value
        if turn.conclusion and may_stop:
            self.conclusion = turn.conclusion
            self.cut += said.cut
        else:
            await self._carry_on(said, spans, chunks)
        self._ctx.emit(
            Reasoned(
                round=self._number,
                chunks=tuple(chunk.index for chunk in chunks),
                reasoning=turn.reasoning,
                summary="" if self.conclusion else text_of(self.summary),
                conclusion=self.conclusion,
            )
        )

    def _ask(self, spans: Sequence[Span], *, more: bool, may_stop: bool) -> Awaitable[Said[Turn]]:
        ctx, document = self._ctx, bool(self._ctx.chunks)
        in_parts = bool(spans) and self._config.form == "read"
        role = thinker_for(self._model, document=document, may_stop=may_stop, in_parts=in_parts)
        return role(
            self._model,
            max_tokens=self._caps.round,
            seed=ctx.seed,
            stop=stops(self._model),
            passages=ctx.delimiters.passages(spans),
            question=self._question,
            summary=ctx.delimiters.block("summary", text_of(self.summary)),
            rule=rule(document=document, more=more),
            words=self._caps.words(self._caps.segment),
            summary_words=self._caps.words(self._caps.summary),
        )

    async def _carry_on(self, said: Said[Turn], spans: Sequence[Span], chunks: Sequence[Chunk]) -> None:
        """Take the reply's summary for the next round's, within its cap."""
        # A conclusion that came too early is the best summary there is where it came alone.
        whole = said.value.summary or said.value.conclusion
        if self.summary and spans and _is_refusal(whole):
            return
        text = await fit(whole, self._caps.summary, self._model.count_tokens, keep_end=said.assumed)
        self.cut += (said.cut or text != whole) and not said.assumed
        if not text.strip() or not await asyncio.to_thread(self._is_held, text, spans):
            return
        chunk, passage = (chunks[0].index, spans[0].text) if len(spans) == 1 else (_NOWHERE, "")
        # Of several passages that were shown together, all are the evidence.
        self.summary = await asyncio.to_thread(attribute, self.summary, text, chunk=chunk, chunk_text=passage)

    def _is_held(self, text: str, spans: Sequence[Span]) -> bool:
        """Whether a summary may be carried on: that of a model that never abstains must stand in what it saw."""
        if self._model.profile.abstains or not spans:
            return True
        earlier = text_of(self.summary)
        return any(holds(self._question, text, passage=span, earlier=earlier) for span in spans)


def text_of(summary: Sequence[Sourced]) -> str:
    """Return a summary as it is shown."""
    return "".join(sentence["text"] for sentence in summary)


def _is_refusal(text: str) -> bool:
    """Whether a text says that nothing was found, and nothing else: one passage must not undo what others told."""
    return is_abstention(text) and not re.search(r"[.!?:;。]\s*\S|\n", text)

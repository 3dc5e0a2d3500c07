"""One call that retrieves: what it is asked, and what stands of its reply after the check."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from longagent.agents.alr2 import otherwise, retrieve, retrieve_again, retrieve_brief
from longagent.documents import Chunk, Span
from longagent.events import UnitWritten
from longagent.graphs.alr2.check import Checked, carried_by, check
from longagent.graphs.alr2.config import Alr2Config
from longagent.graphs.alr2.evidence import Sentence, listed
from longagent.graphs.alr2.plan import caps, retriever_for
from longagent.graphs.reading import stops
from longagent.graphs.strategy import Context


class _Said(NamedTuple):
    """A reply, checked."""

    sentences: list[Checked]
    cut: bool


@dataclass
class Search:
    """What is retrieved from some chunks, in one call or, if they turn out to be too long, in several."""

    ctx: Context
    question: str
    chunks: Sequence[Chunk]
    seeds: Sequence[Sentence] | None = None
    """What a first pass found, where this is a second; else `None`."""
    sentences: list[Sentence] = field(default_factory=list)
    retrieved: int = 0
    verbatim: int = 0
    unverified: int = 0
    cut: int = 0

    async def read(self, *spans: Span) -> None:
        """Retrieve from a text, and check what was retrieved."""
        if retriever_for(self.ctx.model) is retrieve_brief:
            await self._answer(*spans)
            return
        said = await self._copy(spans)
        self.cut += said.cut
        for each in said.sentences:
            self.retrieved += 1
            self.verbatim += each.verbatim
            self.unverified += not each.places
            self.sentences += self._kept(each, spans)

    def tell(self) -> None:
        """Emit what goes on to others."""
        if self.sentences:
            first, path = self.chunks[0].index, 0 if self.seeds is None else 1
            self.ctx.emit(UnitWritten(path=path, chunk=first, text=listed(self.sentences, self.ctx)))

    @property
    def update(self) -> dict[str, Any]:
        """The update of the state."""
        return {
            "sentences": self.sentences,
            "retrieved": self.retrieved,
            "verbatim": self.verbatim,
            "unverified": self.unverified,
            "cut": self.cut,
        }

    async def _copy(self, spans: Sequence[Span]) -> _Said:
        ctx, seeds = self.ctx, [*(self.seeds or ())]
        role = retrieve if self.seeds is None else retrieve_again
        model = ctx.model(role)
        said = await role(
            model,
            max_tokens=caps(ctx.config, model.profile).retrieved,
            seed=ctx.seed,
            passages=ctx.delimiters.passages(spans),
            question=self.question,
            evidence=ctx.delimiters.block("sentences", listed(seeds, ctx)),
        )
        known = [ctx.span(each["place"]) for each in seeds if each["found"]]
        checked = await asyncio.to_thread(check, said.value, spans, known=known)
        # The last was cut off, not made up.
        if said.cut and checked and not checked[-1].places:
            checked.pop()
        return _Said(checked, said.cut)

    async def _answer(self, *spans: Span) -> None:
        """Have each passage answered from, and keep the sentences that carry the answer."""
        ctx = self.ctx
        model = ctx.model(retrieve_brief)
        said = await retrieve_brief(
            model,
            max_tokens=caps(ctx.config, model.profile).retrieved,
            seed=ctx.seed,
            stop=stops(model),
            passages=ctx.delimiters.passages(spans),
            question=self.question,
            otherwise=otherwise(model),
        )
        for span in spans:
            carrying = await asyncio.to_thread(carried_by, self.question, said.value, span)
            self.sentences += [self._placed(place) for place in carrying]

    def _kept(self, each: Checked, spans: Sequence[Span]) -> list[Sentence]:
        """Return what goes on of a sentence, as the check is set."""
        config: Alr2Config = self.ctx.config
        if each.places:
            if config.check != "off":
                return [self._placed(place) for place in each.places]
            whole = each.places[0]._replace(end=each.places[-1].end)
            return [self._placed(whole, said=each.said)]
        if config.check == "drop":
            return []
        return [self._placed(span, said=each.said, found=False) for span in spans[:1]]

    def _placed(self, place: Span, *, said: str = "", found: bool = True) -> Sentence:
        chunk = next(
            (c for c in self.chunks if c.document is place.document and place.start < c.span.end), self.chunks[-1]
        )
        return Sentence(chunk=chunk.index, place=self.ctx.ref(place), found=found, said=said)

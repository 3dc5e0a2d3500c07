"""From settings to what ranks the chunks."""

from longagent.errors import MissingExtraError
from longagent.graphs.reranking import ByModel, ByServer, Reranker
from longagent.llm.base_url import normal_base_url
from longagent.llm.opened import Opened
from longagent.retrievers import Ranking
from longagent.settings import Settings


async def ranking(settings: Settings, opened: Opened | None) -> Ranking:
    """Return how chunks are to be ranked; `opened` holds the embedder, and is `None` where nothing is to be ranked.

    Raises:
        UsageError: the embedder cannot be used.
        MissingExtraError: it is not installed, and was asked for; without that, words do.
    """
    if settings.embedder_url:
        # Also where nobody asks it: the address is in the run's record, where no password may be.
        normal_base_url(settings.embedder_url)
    kind = settings.retriever
    # The embedded model reads one passage, of which vectors choose no better: of 25 look-ups 6 instead of 7 were right.
    if kind == "bm25" or opened is None or (kind == "auto" and opened.reads_one_passage):
        return Ranking()
    try:
        return Ranking(kind=kind, embedder=await opened.embedder())
    except MissingExtraError as error:
        if kind == "dense" or settings.embedder != Settings().embedder:
            raise
        return Ranking(kind=kind, missing=str(error))


async def reranker(settings: Settings, opened: Opened | None) -> Reranker | None:
    """Return what puts the best chunks in order once more, if anything is to; `opened` as for `ranking`.

    Raises:
        UsageError: the setting cannot be followed.
    """
    if settings.rerank == "off" or opened is None:
        return None
    return ByModel() if settings.rerank == "model" else ByServer(await opened.cross_encoder())

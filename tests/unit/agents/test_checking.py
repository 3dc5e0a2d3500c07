"""Whether what a model without doubts says may be passed on."""

from longagent.agents.checking import holds
from longagent.documents import Document, Span


def test_what_a_worker_makes_up_is_not_passed_on() -> None:
    document = Document.from_text("The harbour of Skagen was rebuilt in 1907. It holds forty boats.")
    passage = Span(document, 0, len(document.text))
    question = "When was the harbour of Skagen rebuilt?"
    earlier = "The harbour of Ribe was rebuilt in 1811."
    assert holds(question, "The harbour of Skagen was rebuilt in 1907.", passage=passage, earlier="")
    assert not holds(question, "The harbour of Skagen was rebuilt in 1850.", passage=passage, earlier="")
    assert not holds(question, "The harbour of Ribe was rebuilt in 1811.", passage=passage, earlier=" ")
    assert holds("When was the harbour of Ribe rebuilt?", "It was rebuilt in 1811.", passage=passage, earlier=earlier)

"""What is measured of answers: pure functions that call no model. Each names the paper whose measure it is."""

from longagent.evaluation.faithfulness import evidence_recall, hallucination_rate

__all__ = ["evidence_recall", "hallucination_rate"]

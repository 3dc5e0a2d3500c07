"""Roles of LLM×MapReduce (Zhou et al. 2024, arXiv 2410.09342): map, collapse and reduce.

What a result holds is the paper's: extracted information, rationale, answer, and a confidence that examples calibrate.
The words and the examples are ours.
"""

from longagent.agents.agent import Agent
from longagent.agents.findings import NOTHING, Finding, free_finding, says_nothing
from longagent.agents.lines import read_lines, read_number, unlabelled
from longagent.errors import ReplyError

_SHOWN = ("information", "rationale", "answer")
_LABELS = (*_SHOWN, "confidence", "confidence score")
_MOST = 5.0


def result(reply: str) -> Finding:
    """Read a result, whether or not it keeps to the four lines asked for: without any it is the information.

    A result whose information says that nothing was found is nothing, whatever it answers. One with confidence 0 is
    something: what does not answer by itself may do so together with others.

    Raises:
        ReplyError: it holds neither information nor an answer.
    """
    said = _said(reply)
    confidence = _confidence(said.get("confidence") or said.get("confidence score") or "")
    if says_nothing(said.get("information") or said["answer"]):
        return NOTHING
    shown = [(label, said[label]) for label in _SHOWN if label in said]
    if len(shown) == 1:
        return Finding(shown[0][1], confidence)
    return Finding("\n".join(f"{label.capitalize()}: {text}" for label, text in shown), confidence)


def _said(reply: str) -> dict[str, str]:
    try:
        return read_lines(reply, _LABELS, main="information")
    except ReplyError:
        # An answer alone is information, too.
        return read_lines(reply, _LABELS, main="answer")


def _confidence(text: str) -> float | None:
    number = read_number(text)
    # A percentage, or a number out of ten, is no confidence from 0 to 5.
    return number if number is not None and 0 <= number <= _MOST else None


map_passage: Agent[Finding] = Agent("map_reduce/map", parse=result)
"""Takes `passages` and `question`; returns the result for one chunk."""

map_brief: Agent[Finding] = Agent("answering/from_passages", parse=free_finding, role="map")
"""The same for models that never abstain. Takes `passages`, `question` and `otherwise`; returns one sentence.

In four lines they fill all of them, and are sure of everything. So they are asked what they can do, and code decides
whether they found something: see `agents.checking`.
"""

collapse: Agent[Finding] = Agent("map_reduce/collapse", parse=result)
"""Takes `notes`, results that stand next to each other, and `question`; returns one result for all of them."""

reduce: Agent[str] = Agent("map_reduce/reduce", parse=unlabelled, silence="")
"""Takes `notes`, all results, `question` and `otherwise`; returns the answer."""

reduce_brief: Agent[str] = Agent("answering/from_notes", parse=unlabelled, silence="", role="reduce")
"""The same for models that never abstain: their results have no confidence."""

merge_brief: Agent[Finding] = Agent("answering/from_notes", parse=free_finding, role="reduce")
"""What `collapse` is for models that never abstain: the last question, asked of some of the results."""

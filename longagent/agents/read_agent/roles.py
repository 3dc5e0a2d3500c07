"""Roles of ReadAgent (Lee et al. 2024, arXiv 2402.09727): one writes gists, one looks up pages, one answers.

The paper's pages are called passages before the model: documents have pages of their own. Who writes a gist never sees
the question, so that gists serve all questions.
"""

import re

from longagent.agents.agent import Agent
from longagent.agents.lines import read_lines, read_numbers, unlabelled
from longagent.errors import ReplyError
from longagent.evidence import is_abstention
from longagent.llm.model import Model

_ABSTAIN = "If it does not hold the answer, say: Not found."
_LABEL = re.compile(r"\b(?:passages?|pages?)\b(?=[*_]*[ \t]*:)", re.IGNORECASE)
_NONE = re.compile(
    r"(?:none|nothing|stop|0|no (?:(?:more|further|other|additional) )?(?:passages?|pages?|need))\b(?![.,]\d)",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"[\s*_#>-]*(?:\d{1,2}[.)]\s+(?=[a-z]))?(?:passage|page|gist)?[\s#*]*(\d{1,6})\b(?![.,]\d)", re.IGNORECASE
)


def passages_named(reply: str) -> tuple[int, ...]:
    """Read which passages a reply names, by their numbers, in its order; none where it says that none is needed.

    Raises:
        ReplyError: it names none and does not say so.
    """
    said = read_lines(_LABEL.sub("Passages", reply), ("passages", "reason", "reasons"), main="passages")["passages"]
    if _NONE.match(said.strip(" \t\n*_#>:-(")):
        return ()
    lines = [line for line in said.splitlines() if line.strip()]
    listed = [found[1] for line in lines if (found := _LISTED.match(line))]
    if len(listed) > 1:
        # One to a line: what follows the number is why.
        return tuple(dict.fromkeys(map(int, listed)))
    for text in (lines[0], said):
        # In brackets stand reasons, in which numbers are years and amounts.
        if numbers := read_numbers(re.sub(r"\([^()\n]{0,200}\)", "", text)):
            return tuple(numbers)
    if is_abstention(said) or _NONE.search(said):
        return ()
    raise ReplyError("it names no passage by its number.")


gist: Agent[str] = Agent("read_agent/gist", parse=lambda reply: unlabelled(reply, ("gist", "summary")))
"""Takes `passages` and `words`, how long it may be; returns the gist."""

gist_brief: Agent[str] = Agent(
    "read_agent/gist_brief", parse=lambda reply: unlabelled(reply, ("gist", "summary")), role="gist"
)
"""The same for models that read only little well and never abstain: a sentence. Takes `passages`."""

look_up: Agent[tuple[int, ...]] = Agent("read_agent/look_up", parse=passages_named, fallback=())
"""Takes `gists`, `question` and `most`; returns the numbers of the passages to read again."""

look_on: Agent[tuple[int, ...]] = Agent("read_agent/look_on", parse=passages_named, fallback=(), role="look_up")
"""Looks up one passage after the other. Takes `text`, gists and passages, and `question`; returns the number of one."""

answer: Agent[str] = Agent("read_agent/answer", parse=unlabelled, silence="")
"""Takes `text`, gists and passages, `question` and `otherwise`; returns the answer."""


def otherwise(model: Model) -> str:
    """Return what to do when the answer is not there. Empty for models that never abstain."""
    return _ABSTAIN if model.profile.abstains else ""

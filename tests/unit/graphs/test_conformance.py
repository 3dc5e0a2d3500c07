"""Our strategies keep the contract, and each check notices a strategy that does not."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from support.toy import toy

from longagent.graphs import registry
from longagent.llm.model import Request
from longagent.testing import conformance


def think_with_needle(request: Request) -> str:
    """Reply in the form of `infty-think`, and leave it to the last call to conclude."""
    said = conformance.reply_with_needle(request)
    return said if request.final else f"Reasoning: I look for it.\nSummary: {said}"


def look_up(request: Request) -> str:
    """Name the passage whose gist is the needle; else reply as the default reader does."""
    if request.role.startswith("read_agent/look"):
        found = re.search(rf"^(\d+): {re.escape(conformance.NEEDLE)}", request.messages[-1]["content"], re.MULTILINE)
        return f"Passages: {found[1]}" if found else "Passages: none"
    return conformance.reply_with_needle(request)


def lead(request: Request) -> str:
    """Lead members to the needle, and leave the answer to the last call."""
    match request.role:
        case "long_agent/instruct":
            return f"Instruction: {conformance.QUESTION}\nParts: one"
        case "long_agent/decide":
            return "Action: ANSWER"
        case "long_agent/aliases":
            return "Same: none"
        case "long_agent/member":
            said = conformance.reply_with_needle(request)
            # One member makes something up, so that there is a conflict to settle.
            text = request.messages[-1]["content"]
            invented = "gull number 3 was seen" in text and conformance.NEEDLE not in text
            return "Notes: It may be so.\nAnswer: 17 guilders" if invented else f"Notes: As asked.\nAnswer: {said}"
        case _:
            return conformance.reply_with_needle(request)


def explore(request: Request) -> str:
    """Keep the needle in every notebook, and stop once it stands in a passage."""
    text, role = request.messages[-1]["content"], request.role.partition("/")[2]
    found = conformance.NEEDLE if conformance.NEEDLE in text else "nothing"
    match role:
        case "facts":
            page = re.search(r"Page heading (\d+)", text)
            seen = f"1. The surveyor walked on day {page[1] if page else 0}. | surveyor"
            return seen if found == "nothing" else f"{seen}\n2. {found} | harbour | Skagen"
        case "start":
            return "surveyor | 90\nSkagen | 80"
        case "at_facts":
            left = re.findall(r"^Passage (\d+):", text, re.MULTILINE)
            action = f"read_chunk({left[-1]})" if left else "stop_and_read_neighbor()"
        case "at_chunk":
            action = "search_more()" if found == "nothing" else "termination()"
        case "at_neighbours":
            action = "termination()"
        case _:
            return conformance.reply_with_needle(request)
    return f"Notebook: {found}\nRationale: it may help\nAction: {action}"


OURS: dict[str, tuple[str, dict[str, Any]]] = {
    "rag": ("rag", {}),
    "full-context": ("full-context", {}),
    "chain": ("chain-of-agents", {"window": 1024}),
    "chain both": ("chain-of-agents", {"window": 1024, "direction": "both"}),
    "memory": ("mem-agent", {"chunk_tokens": 300}),
    "memory paper": ("mem-agent", {"chunk_tokens": 300, "layout": "paper"}),
    "memory gates": ("mem-agent", {"chunk_tokens": 300, "update_gate": True, "exit_gate": True}),
    "chain judged": ("chain-of-agents", {"window": 1024, "direction": "permuted", "paths": 3, "choose": "judge"}),
    "infty evidence": ("infty-think", {"evidence_tokens": 700, "rounds": 3}),
    "infty read": ("infty-think", {"form": "read", "window": 1024, "rounds": 2}),
    "team": ("long-agent", {"window": 1024}),
    "team of one round": ("long-agent", {"window": 1024, "rounds": 1, "aliases": False}),
    "team that gathers": ("long-agent", {"window": 768, "gather": "always"}),
    "team without readings of two": ("long-agent", {"window": 768, "conflicts": False}),
    "map-reduce": ("map-reduce", {"window": 1024}),
    "map-reduce collapsing": ("map-reduce", {"window": 768, "result_tokens": 64}),
    "merge": ("merge", {"window": 512}),
    "hierarchical": ("hierarchical", {"window": 1024}),
    "gists": ("read-agent", {"page_tokens": 200}),
    "gists in parts": ("read-agent", {"page_tokens": 200, "window": 800, "gist_tokens": 100, "answer_tokens": 64}),
    "graph": ("graph-reader", {"chunk_tokens": 300, "agents": 2}),
    "graph by code": ("graph-reader", {"chunk_tokens": 300, "index": "code", "window": 1400, "steps": 4}),
    "sentences": ("alr2", {"window": 768}),
    "sentences twice": ("alr2", {"window": 768, "passes": 2, "check": "mark", "reason_with_context": True}),
    "sentences of the best": ("alr2", {"window": 768, "prefilter": 3, "check": "off"}),
    "sentences of the whole": ("alr2", {"form": "whole", "passes": 2, "window": 3700}),
    "gists one by one": ("read-agent", {"page_tokens": 200, "look_up": "sequential", "pages": 3}),
}
REPLIES: dict[str, Callable[[Request], str]] = {
    "infty-think": think_with_needle,
    "read-agent": look_up,
    "long-agent": lead,
    "graph-reader": explore,
}
"""Of strategies whose roles reply in a form of their own."""


@pytest.mark.parametrize("name", conformance.CHECKS)
@pytest.mark.parametrize("ours", OURS)
def test_our_strategies_conform(ours: str, name: str) -> None:
    strategy, settings = OURS[ours]
    reply = REPLIES.get(strategy, conformance.reply_with_needle)
    conformance.CHECKS[name](conformance.Trial(strategy=registry.get(strategy), settings=settings, reply=reply))


@pytest.mark.parametrize("kind", ["", "a note"])
def test_a_third_partys_strategy_conforms(kind: str) -> None:
    conformance.check(toy(kind))


DEFECTS = [
    ("finds_and_cites", "no evidence", "does not cite the needle"),
    ("finds_and_cites", "always partial", "partial although no limit"),
    ("estimates", "one call too many", "estimates exactly"),
    ("estimates", "fewer tokens", "estimates at most .* prompt_tokens"),
    ("estimates", "answer is free", "no part of the estimate is `final`"),
    ("estimates", "worded twice", "where a call writes the answer, it is not `worded_by`"),
    ("estimates", "a note, but final", "makes 1 final calls and plans 0"),
    ("keeps_to_calls", "a note, if all was read", "does not say it"),
    ("keeps_to_calls", "past the limits", r"makes \d+ calls where \d are allowed"),
    ("keeps_to_calls", "no final call", "made no call to answer"),
    ("keeps_to_calls", "always partial", "is partial, but everything was read"),
    ("keeps_to_calls", "final unmarked", "made no call to answer"),
    ("keeps_to_tokens", "more tokens", "tokens"),
    ("keeps_to_time", "past the limits", "a call that hangs is not ended"),
    ("refuses_limits_without_an_answer", "answer is free", "accepts"),
    ("passes_over_failed_chunks", "error ends the run", "is refused by the provider, and the run ends"),
    ("passes_over_failed_chunks", "error is nothing", "coverage counts 0 failed"),
    ("keeps_state_plain", "text in state", "holds text of the document"),
    ("keeps_state_plain", "no json", r"extra \(tuple\) is not plain JSON"),
    ("resumes", "past the limits", r"repeats \d+ when asked again"),
    ("reads_on", "past the limits", r"repeats \d+ calls"),
    ("reads_on", "always partial", "does not read on"),
    ("plays_roles", "unlisted role", "worker, which is not listed"),
    ("plays_roles", "default model", "does not ask `Context.model`"),
    ("repeats_itself", "never the same", "other calls"),
    ("answers_from_cache", "never the same", "asked again from the cache"),
]


@pytest.mark.parametrize(("name", "defect", "told"), DEFECTS)
def test_each_check_notices_what_it_is_for(name: str, defect: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        conformance.CHECKS[name](conformance.Trial(strategy=toy(defect)))


def test_every_check_has_a_strategy_that_fails_it() -> None:
    assert {name for name, _, _ in DEFECTS} == set(conformance.CHECKS)

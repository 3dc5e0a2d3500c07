"""A graph in the frame's form for tests of checkpoints: main graph → strategy → several chains at once."""

import operator
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send


class _Chain(TypedDict, total=False):
    path: int
    step: int
    memory: str
    read: Annotated[list[int], operator.add]


class _Strategy(TypedDict, total=False):
    question: str
    memories: Annotated[list[str], operator.add]
    reply: str


def chains(visit: Callable[[str], None], *, paths: int = 2, length: int = 6, checkpointer: Any = None) -> Any:
    """Build it; every node tells `visit` its name, which may raise or kill."""

    async def read(state: _Chain) -> dict[str, Any]:
        step = state.get("step", 0)
        visit(f"read {state['path']}.{step}")
        return {"step": step + 1, "memory": f"{state.get('memory', '')}{step},", "read": [step]}

    def more(state: _Chain) -> str:
        return "read" if state["step"] < length else "report"

    async def report(state: _Chain) -> dict[str, Any]:
        visit(f"report {state['path']}")
        return {"memories": [f"{state['path']}:{state['memory']}{len(state['read'])}"]}

    class _Out(TypedDict):
        memories: list[str]

    class _All(_Chain, total=False):
        memories: list[str]

    chain = StateGraph(_All, input_schema=_Chain, output_schema=_Out)
    chain.add_node("read", read)
    chain.add_node("report", report)
    chain.add_edge(START, "read")
    chain.add_conditional_edges("read", more, ["read", "report"])
    chain.add_edge("report", END)

    async def plan(state: _Strategy) -> dict[str, Any]:
        visit("plan")
        return {}

    async def merge(state: _Strategy) -> dict[str, Any]:
        visit("merge")
        return {"reply": " ".join(sorted(state["memories"]))}

    strategy = StateGraph(_Strategy)
    strategy.add_node("plan", plan)
    strategy.add_node("chain", chain.compile())
    strategy.add_node("merge", merge)
    strategy.add_edge(START, "plan")
    strategy.add_conditional_edges("plan", lambda _: [Send("chain", {"path": n}) for n in range(paths)], ["chain"])
    strategy.add_edge("chain", "merge")
    strategy.add_edge("merge", END)

    async def prepare(state: _Strategy) -> dict[str, Any]:
        visit("prepare")
        return {"question": state["question"].strip()}

    async def finish(state: _Strategy) -> dict[str, Any]:
        visit("finish")
        return {"reply": f"{state['question']} {state['reply']}"}

    frame = StateGraph(_Strategy)
    frame.add_node("prepare", prepare)
    frame.add_node("strategy", strategy.compile())
    frame.add_node("finish", finish)
    frame.add_edge(START, "prepare")
    frame.add_edge("prepare", "strategy")
    frame.add_edge("strategy", "finish")
    frame.add_edge("finish", END)
    return frame.compile(checkpointer=checkpointer)

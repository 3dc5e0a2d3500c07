"""The answer: the leader's, or, where there is no leader, what most members say."""

from typing import Any

from langgraph.runtime import Runtime

from longagent.agents.agent import Said
from longagent.agents.long_agent import answer as answer_role
from longagent.agents.long_agent import member, otherwise
from longagent.evidence import is_abstention
from longagent.evidence.words import keys
from longagent.graphs.long_agent.clusters import Cluster, Round, conflicts
from longagent.graphs.long_agent.history import by_weight, lay_out
from longagent.graphs.long_agent.plan import answer_cap, leads, member_cap, room_for, settles
from longagent.graphs.long_agent.state import State
from longagent.graphs.reading import says_cut, says_missed, stops
from longagent.graphs.strategy import Context


async def answer(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from what members found. Nobody is asked where they found nothing."""
    ctx, rounds = runtime.context, state.get("rounds", [])
    warnings = _warnings(state, ctx)
    if not any(past["clusters"] for past in rounds):
        return {"reply": "", "evidence": [], "conflicts": conflicts(rounds), "warnings": warnings}
    if not leads(ctx.model):
        # Of equals the first in the text.
        first = rounds[-1]["clusters"][by_weight(rounds[-1]["clusters"])[0]]
        reply, chunks = first["answers"][0], first["chunks"]
    else:
        said, left_out = await _led(state, rounds, ctx)
        reply, chunks = said.value, rests_on(said.value, rounds)
        warnings += [*says_cut(said, ctx.model(answer_role), answer_cap(ctx.config, ctx.model(answer_role).profile))]
        if left_out:
            warnings.append(f"{left_out} answers of members did not fit before the leader; --window raises that.")
    evidence = [ctx.ref(ctx.chunks[index].span) for index in chunks]
    return {"reply": reply, "evidence": evidence, "conflicts": conflicts(rounds), "warnings": warnings}


async def _led(state: State, rounds: list[Round], ctx: Context) -> tuple[Said[str], int]:
    """Return the answer the leader gave with its decision, or have it give one; and how much it was not shown."""
    if state.get("answered"):
        return Said(state["answered"], cut=state.get("answer_cut", False)), 0
    model = ctx.model(answer_role)
    room = await room_for(answer_role, model, state["question"], ctx.config)
    shown = await lay_out(rounds, room, model, ctx)
    said = await answer_role(
        model,
        max_tokens=answer_cap(ctx.config, model.profile),
        seed=ctx.seed,
        stop=stops(model),
        final=True,
        history=shown.text,
        question=state["question"],
        otherwise=otherwise(model),
    )
    return said, shown.left_out


def rests_on(reply: str, rounds: list[Round]) -> list[int]:
    """Return the chunks of what is left of all rounds: of a round, those the reply repeats, else all."""
    chunks: set[int] = set()
    said = frozenset(keys(reply))
    for past in rounds:
        repeated = [one for one in past["clusters"] if not is_abstention(reply) and _repeats(said, one)]
        chunks.update(chunk for one in repeated or past["clusters"] for chunk in one["chunks"])
    return sorted(chunks)


def _repeats(said: frozenset[str], one: Cluster) -> bool:
    return any(words and words <= said for words in (frozenset(keys(text)) for text in one["answers"]))


def _warnings(state: State, ctx: Context) -> list[str]:
    guessed, warnings = state.get("guessed", []), list[str]()
    if "instruction" in guessed:
        warnings.append("The leader gave no instruction that could be read: members were asked the question itself.")
    if "decision" in guessed:
        warnings.append("What the leader decided could not be read: it was made to answer.")
    if count := guessed.count("aliases"):
        rounds = "a round" if count == 1 else f"{count} rounds"
        warnings.append(f"In {rounds} it could not be read which answers mean the same; none were taken to.")
    if count := guessed.count("member"):
        warnings.append(f"{count} members gave notes and no answer that could be read; the notes were taken for it.")
    profile = ctx.model(member).profile
    if (count := state.get("cut", 0)) and profile.reply_tokens is None:
        cap = member_cap(ctx.config, profile)
        warnings.append(f"{count} replies of members were cut at {cap} tokens; -S member_tokens=N raises that.")
    return [*warnings, *says_missed(state), *_says_open(state, ctx)]


def _says_open(state: State, ctx: Context) -> list[str]:
    """Say what was not settled."""
    warnings, rounds = [], state.get("rounds", [])
    if count := state.get("undecided", 0):
        pairs = "1 pair of chunks" if count == 1 else f"{count} pairs of chunks"
        warnings.append(
            f"{pairs}, read together, decided nothing; what they contradict each other in was left as it is."
        )
    left = len(rounds[-1]["clusters"]) if rounds else 0
    if left > 1 and settles(ctx.config) and not rounds[-1]["gathers"]:
        who = "the leader chose" if leads(ctx.model) else "the one most chunks give was taken"
        warnings.append(f"{left} answers that contradict each other were left; {who}.")
    return warnings

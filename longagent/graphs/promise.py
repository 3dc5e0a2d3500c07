"""Room for the answer, kept from the start."""

from longagent.errors import BudgetReached, UsageError
from longagent.llm.budget import Budget, Spend


def check_room(budget: Budget, run: str, final: Spend, earlier: Spend) -> None:
    """Refuse a run whose answer does not fit its limits beside what an interrupted attempt spent.

    Args:
        budget: of the run and of others asked with it.
        run: its id.
        final: the most that the calls can cost which write the answer.
        earlier: what an attempt that goes on has spent already.

    Raises:
        UsageError: it does not.
    """
    try:
        budget.check(earlier.plus(final), run)
    except BudgetReached as reached:
        with_earlier = " with what earlier attempts at this run spent" if earlier.calls else ""
        needed = f"the answer alone may take {final.calls} call{'s'[: final.calls != 1]}"
        if budget.limits.priced:
            needed += f" of {final.tokens} tokens in all (${final.cost:.4f})"
        raise UsageError(
            f"No room is left to answer: {reached.message.rstrip('.')}{with_earlier}, and {needed}.",
            hint="Give a larger limit.",
        ) from reached


def promise(budget: Budget, run: str, final: Spend, earlier: Spend) -> None:
    """Have the budget count what an interrupted attempt spent, and keep room for the answer.

    Raises:
        UsageError: there is none.
    """
    check_room(budget, run, final, earlier)
    budget.count_earlier(earlier)
    budget.promise(run, final)

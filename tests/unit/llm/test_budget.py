"""Limits hold whatever calls turn out to cost, and the answer always has its room."""

import pytest

from longagent.errors import BudgetReached
from longagent.llm.budget import Budget, Limits, Spend

ONE = Spend(calls=1)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def read(budget: Budget, most: Spend = ONE, *, run: str = "a", final: bool = False) -> None:
    budget.reserve(most, run=run, final=final)


def test_without_limits_everything_goes() -> None:
    budget = Budget(Limits())
    for _ in range(1000):
        read(budget, Spend(1, 10**9, 10.0**9))
    assert budget.seconds_left(final=False) == float("inf")
    assert not budget.limits.priced


def test_reading_stops_where_the_answer_would_lose_its_room() -> None:
    budget = Budget(Limits(calls=3))
    budget.promise("a", ONE)
    read(budget)
    read(budget)
    with pytest.raises(BudgetReached, match="limit of 3 calls"):
        read(budget)
    read(budget, final=True)
    with pytest.raises(BudgetReached):
        read(budget, final=True)


def test_a_call_settles_for_what_it_cost() -> None:
    budget = Budget(Limits(tokens=1000))
    read(budget, Spend(1, 900))
    with pytest.raises(BudgetReached, match="limit of 1000 tokens"):
        read(budget, Spend(1, 200))
    budget.settle(Spend(1, 900), Spend(1, 300))
    read(budget, Spend(1, 700))
    with pytest.raises(BudgetReached):
        read(budget, Spend(1, 1))


def test_a_call_that_failed_costs_nothing() -> None:
    budget = Budget(Limits(calls=1))
    for _ in range(3):
        read(budget)
        budget.settle(ONE, Spend())


def test_calls_in_flight_count_with_the_most_they_can_cost() -> None:
    budget = Budget(Limits(cost=1.0))
    read(budget, Spend(1, 0, 0.4))
    read(budget, Spend(1, 0, 0.4))
    with pytest.raises(BudgetReached, match=r"limit of \$1 "):
        read(budget, Spend(1, 0, 0.4))


def test_a_cost_that_adds_up_to_the_limit_is_within_it() -> None:
    budget = Budget(Limits(cost=0.3))
    for _ in range(3):
        read(budget, Spend(1, 0, 0.1))


def test_a_promise_needs_room_beside_what_is_spent_and_promised() -> None:
    budget = Budget(Limits(calls=2))
    budget.promise("a", ONE)
    budget.promise("b", ONE)
    with pytest.raises(BudgetReached):
        budget.promise("c", ONE)
    with pytest.raises(BudgetReached):
        read(budget, run="a")
    read(budget, run="a", final=True)
    read(budget, run="b", final=True)


def test_a_run_that_is_over_gives_its_promise_back() -> None:
    budget = Budget(Limits(calls=2))
    budget.promise("a", Spend(calls=2))
    with pytest.raises(BudgetReached):
        read(budget, run="b")
    budget.forget("a")
    budget.forget("a")
    read(budget, run="b")


def test_several_final_calls_use_up_the_promise_one_by_one() -> None:
    budget = Budget(Limits(calls=4))
    budget.promise("a", Spend(calls=3))
    read(budget, final=True)
    read(budget)
    with pytest.raises(BudgetReached):
        read(budget)
    read(budget, final=True)
    read(budget, final=True)


def test_what_an_interrupted_attempt_spent_counts() -> None:
    budget = Budget(Limits(tokens=1000))
    budget.count_earlier(Spend(5, 800))
    with pytest.raises(BudgetReached):
        budget.promise("a", Spend(1, 201))
    budget.promise("a", Spend(1, 200))


def test_reading_ends_while_there_is_time_to_answer() -> None:
    clock = Clock()
    budget = Budget(Limits(seconds=100), clock=clock)
    assert budget.seconds_left(final=False) == 90
    assert budget.seconds_left(final=True) == 100
    clock.now += 89
    read(budget)
    clock.now += 1
    with pytest.raises(BudgetReached, match="time of 100 s is up"):
        read(budget)
    read(budget, final=True)
    assert budget.seconds_left(final=True) == 10


def test_the_answer_is_given_as_long_as_calls_have_taken() -> None:
    clock = Clock()
    budget = Budget(Limits(seconds=100), clock=clock)
    budget.took(20)
    assert budget.seconds_left(final=False) == 70
    budget.took(4)
    assert budget.seconds_left(final=False) == 70
    budget.took(500)
    assert budget.seconds_left(final=False) == 50  # never more than half


def test_a_final_call_has_time_even_when_time_is_up() -> None:
    clock = Clock()
    budget = Budget(Limits(seconds=10), clock=clock)
    clock.now += 1000
    assert budget.seconds_left(final=False) < 0
    assert budget.seconds_left(final=True) == 1
    read(budget, final=True)


@pytest.mark.parametrize(
    ("limits", "priced"), [(Limits(calls=1, seconds=1), False), (Limits(tokens=1), True), (Limits(cost=1), True)]
)
def test_sizes_matter_only_where_a_limit_depends_on_them(limits: Limits, priced: bool) -> None:
    assert limits.priced == priced


def test_differences_end_at_zero() -> None:
    assert Spend(1, 10, 0.5).less(Spend(2, 3, 0.7)) == Spend(0, 7, 0.0)
    assert Spend(1, 10, 0.5).plus(Spend(2, 3, 0.5)) == Spend(3, 13, 1.0)

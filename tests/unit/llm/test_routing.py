from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from longagent.llm.routing import SLACK, WARM_SLACK, preferred, ranked

SERVERS = tuple(f"http://10.0.0.{n}:8000/v1" for n in range(1, 9))

keys = st.text(min_size=1, max_size=8)
pools = st.lists(st.sampled_from(SERVERS), min_size=1, unique=True)


def place(count: int, *, slack: float) -> Counter[str]:
    """Give so many keys, one call each, to the servers."""
    loads = Counter(dict.fromkeys(SERVERS, 0))
    for number in range(count):
        loads[preferred(ranked(f"key {number}", SERVERS), loads, slack=slack)[0]] += 1
    return loads


@given(keys, pools)
def test_a_rank_is_an_order_of_all_and_does_not_depend_on_theirs(key: str, pool: list[str]) -> None:
    assert sorted(ranked(key, pool)) == sorted(pool)
    assert ranked(key, pool) == ranked(key, sorted(pool))


def test_it_is_the_same_in_every_process() -> None:
    assert [address[14] for address in ranked("a key", SERVERS[:4])] == ["3", "2", "1", "4"]


@given(keys, pools, st.data())
def test_a_server_that_leaves_moves_its_own_keys_only(key: str, pool: list[str], data: st.DataObject) -> None:
    left = data.draw(st.sampled_from(pool))
    assert ranked(key, [each for each in pool if each != left]) == tuple(
        each for each in ranked(key, pool) if each != left
    )


def test_keys_of_one_that_leaves_go_evenly_to_all_others() -> None:
    orders = [ranked(f"key {number}", SERVERS) for number in range(8_000)]
    firsts = Counter(order[0] for order in orders)
    assert all(abs(count - 1_000) < 120 for count in firsts.values())
    moved = Counter(order[1] for order in orders if order[0] == SERVERS[2])
    assert set(moved) == set(SERVERS) - {SERVERS[2]}
    assert max(moved.values()) < 2 * min(moved.values())


@given(keys, st.lists(st.integers(0, 50), min_size=8, max_size=8), st.sampled_from([1.0, SLACK, WARM_SLACK]))
def test_one_with_too_much_to_do_is_passed_over_for_the_least_busy(key: str, counts: list[int], slack: float) -> None:
    loads = dict(zip(SERVERS, counts, strict=True))
    order = ranked(key, SERVERS)
    found = preferred(order, loads, slack=slack)
    assert sorted(found) == sorted(SERVERS)
    share = slack * (sum(counts) + 1) / 8
    if found[0] == order[0]:
        assert loads[found[0]] + 1 <= max(1, share + 1) or loads[found[0]] == min(counts)
    else:
        assert loads[order[0]] + 1 > share
        assert loads[found[0]] == min(counts)
    assert [loads[each] for each in found[1:]] == sorted(loads[each] for each in found[1:])


def test_none_gets_much_more_than_its_share() -> None:
    for count in (8, 80, 800):
        assert max(place(count, slack=SLACK).values()) <= SLACK * count / 8 + 1


def test_most_keys_stay_where_they_would_be_found_by_another_process() -> None:
    loads = Counter(dict.fromkeys(SERVERS, 0))
    at_home = 0
    for number in range(800):
        order = ranked(f"key {number}", SERVERS)
        server = preferred(order, loads, slack=SLACK)[0]
        loads[server] += 1
        at_home += server == order[0]
    assert at_home > 0.85 * 800


def test_without_slack_the_load_is_exactly_even() -> None:
    assert set(place(80, slack=1.0).values()) == {10}


def test_a_single_call_always_stays() -> None:
    loads = dict.fromkeys(SERVERS, 0)
    for number in range(50):
        order = ranked(f"key {number}", SERVERS)
        assert preferred(order, loads, slack=1.0)[0] == order[0]
    assert preferred(SERVERS[:1], {SERVERS[0]: 9}, slack=1.0) == [SERVERS[0]]

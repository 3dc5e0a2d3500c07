import pytest

from longagent.llm import prefixes as module
from longagent.llm.prefixes import Prefixes
from longagent.llm.routing import ranked

SERVERS = ("a", "b", "c", "d")
IDLE = dict.fromkeys(SERVERS, 0)
KEYS = [f"key {number}" for number in range(200)]


def first(known: Prefixes, key: str, usable: tuple[str, ...] = SERVERS) -> str:
    """Make a call about a prefix, and return where it went."""
    server = known.order(key, usable, IDLE)[0]
    known.computes(key, server, usable)
    return server


def test_a_prefix_goes_where_its_order_says_and_stays_there() -> None:
    known = Prefixes(SERVERS)
    for _ in range(2):
        assert [first(known, key) for key in KEYS] == [ranked(key, SERVERS)[0] for key in KEYS]


def test_one_that_was_computed_elsewhere_goes_there_from_then_on() -> None:
    known = Prefixes(SERVERS)
    other = ranked("key", SERVERS)[2]
    known.order("key", SERVERS, IDLE)
    known.computes("key", other, SERVERS)
    assert first(known, "key") == other


def test_where_it_was_computed_it_may_find_twice_the_mean_and_no_more() -> None:
    known = Prefixes(SERVERS)
    home = first(known, "key")
    fresh = next(key for key in KEYS if ranked(key, SERVERS)[0] == home)
    loads = dict.fromkeys(SERVERS, 4) | {home: 7}
    assert known.order(fresh, SERVERS, loads)[0] != home
    assert known.order("key", SERVERS, loads)[0] == home
    assert known.order("key", SERVERS, loads | {home: 20})[0] != home


def test_one_that_returns_gets_its_own_back_and_nothing_else() -> None:
    known = Prefixes(SERVERS)
    homes = {key: first(known, key) for key in KEYS[:100]}
    rest = ("a", "b", "c")
    for key in KEYS:
        server = first(known, key, rest)
        assert server == homes.get(key, server) or homes[key] == "d"
    known.take_back("d")
    after = {key: first(known, key) for key in KEYS}
    assert {key for key in KEYS if after[key] == "d"} == {key for key in KEYS if ranked(key, SERVERS)[0] == "d"}


def test_one_that_was_away_unnoticed_by_a_prefix_still_has_it() -> None:
    known = Prefixes(SERVERS)
    other = ranked("key", SERVERS)[1]
    known.order("key", SERVERS, IDLE)
    known.computes("key", other, SERVERS)
    known.take_back(other)
    assert first(known, "key") == other


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", 50)
    known = Prefixes(SERVERS)
    for key in KEYS:
        first(known, key)
    assert list(known._known) == KEYS[-50:]

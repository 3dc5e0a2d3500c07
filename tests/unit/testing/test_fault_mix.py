from collections import Counter, defaultdict

import pytest

from longagent.testing.server.faults import QUICK, FaultMix, parse_fault
from longagent.testing.server.protocol import Received


def received(n: int) -> Received:
    return Received("POST", "/v1/chat/completions", {}, {"n": n})


def test_it_keeps_to_its_share_and_weights() -> None:
    mix = FaultMix(0.2, {"hang": 1, 500: 3}, seed=7)
    drawn = Counter(mix.at({"n": n}, 0) for n in range(4000))
    assert 0.18 < 1 - drawn[None] / 4000 < 0.22
    assert 2.5 < drawn[500] / drawn["hang"] < 3.6


def test_a_call_fails_the_same_way_whatever_comes_between() -> None:
    calls = [received(n) for n in range(20) for _ in range(3)]
    fates = []
    for order in (calls, calls[::-1], sorted(calls, key=lambda call: call.body["n"] % 7)):
        fault_of, came = FaultMix(0.5, seed=3).each(), defaultdict(list)
        for call in order:
            came[call.body["n"]].append(fault_of(call))
        fates.append(dict(came))
    assert fates[0] == fates[1] == fates[2]
    assert len({tuple(faults) for faults in fates[0].values()}) > 10
    assert any(len(set(faults)) > 1 for faults in fates[0].values())


def test_none_and_all() -> None:
    assert {FaultMix(0).at({"n": n}, 0) for n in range(50)} == {None}
    assert {FaultMix(1).at({"n": n}, 0) for n in range(200)} == set(QUICK)


def test_names_on_the_command_line() -> None:
    assert (parse_fault("429"), parse_fault("hang")) == (429, "hang")
    with pytest.raises(ValueError, match="'hangs'"):
        parse_fault("hangs")

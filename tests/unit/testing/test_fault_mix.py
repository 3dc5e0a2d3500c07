from collections import Counter
from itertools import islice

import pytest

from longagent.testing.server.faults import QUICK, FaultMix, parse_fault


def test_it_keeps_to_its_share_and_weights() -> None:
    drawn = Counter(islice(FaultMix(0.2, {"hang": 1, 500: 3}, seed=7), 4000))
    assert 0.18 < 1 - drawn[None] / 4000 < 0.22
    assert 2.5 < drawn[500] / drawn["hang"] < 3.6


def test_a_call_fails_the_same_way_whatever_was_asked_before() -> None:
    mix = FaultMix(0.5, seed=3)
    assert [mix.at(call) for call in (7, 2, 7)] == [[*islice(mix, 8)][call] for call in (7, 2, 7)]


def test_none_and_all() -> None:
    assert set(islice(FaultMix(0), 50)) == {None}
    assert set(islice(FaultMix(1), 200)) == set(QUICK)


def test_names_on_the_command_line() -> None:
    assert (parse_fault("429"), parse_fault("hang")) == (429, "hang")
    with pytest.raises(ValueError, match="'hangs'"):
        parse_fault("hangs")

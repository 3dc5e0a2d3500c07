from longagent.llm.meter import Meter
from longagent.llm.model import Reply
from longagent.testing import ScriptedModel


def cached(*told: int | None) -> int | None:
    meter = Meter()
    for number in told:
        meter.count(ScriptedModel([]), Reply(text="Yes.", prompt_tokens=100, cached_prompt_tokens=number))
    return meter.usage.cached_prompt_tokens


def test_prompt_tokens_from_a_cache_are_summed() -> None:
    assert cached(0, 80, 96) == 176
    assert cached(0) == 0


def test_one_call_of_which_it_is_unknown_makes_the_sum_unknown() -> None:
    assert cached() is None
    assert cached(None, 80) is None
    assert cached(80, None, 80) is None

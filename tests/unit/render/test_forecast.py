"""The table of `--dry-run`."""

import io
from dataclasses import replace

from rich.console import Console

from longagent.graphs.forecast import Forecast, RoleForecast
from longagent.render.forecast import print_forecast

WORKER = RoleForecast(
    role="worker", model="openai/a", calls=30, prompt_tokens=61_230, completion_tokens=30_720, cost=0.25
)
MANAGER = RoleForecast(role="manager", model="b", calls=1, prompt_tokens=1400, completion_tokens=1024, cost=None)
FORECAST = Forecast(
    strategy="chain-of-agents",
    reason="as asked",
    chunks=30,
    calls=31,
    exact=True,
    depth=31,
    prompt_tokens=62_630,
    completion_tokens=31_744,
    cost=None,
    roles=(WORKER, MANAGER),
)


def printed(forecast: Forecast) -> list[str]:
    out = io.StringIO()
    print_forecast(forecast, Console(file=out, width=40))
    return out.getvalue().splitlines()


def test_roles_in_a_table_with_sums() -> None:
    assert printed(FORECAST) == [
        "chain-of-agents: as asked",
        "30 chunks, exactly 31 calls, 31 of them one after the other",
        "",
        "role     model     calls  prompt tokens  reply tokens     cost",
        "worker   openai/a     30         61,230        30,720  $0.2500",
        "manager  b             1          1,400         1,024  unknown",
        "in all                31         62,630        31,744  unknown",
        "",
        "Tokens and cost are at most; retries come on top.",
    ]


def test_an_upper_bound_is_none_that_is_exact() -> None:
    assert printed(replace(FORECAST, exact=False, depth=2))[1].startswith("30 chunks, at most 31 calls, 2 of them")
    single = replace(FORECAST, chunks=1, calls=1, depth=1, cost=0.00002, roles=(MANAGER,))
    assert printed(single)[1] == "1 chunk, exactly 1 call"
    assert printed(single)[-3].endswith("<$0.0001")

"""What a question will take, as a small table."""

from rich.console import Console
from rich.text import Text

from longagent.graphs.forecast import Forecast
from longagent.render.columns import columns
from longagent.render.terminal import dollars, one_line


def print_forecast(forecast: Forecast, console: Console) -> None:
    """Print calls, tokens and cost: in all, and by role."""
    chunks = {0: "nothing to read", 1: "1 chunk"}.get(forecast.chunks, f"{forecast.chunks:,} chunks")
    console.print(Text(f"{forecast.strategy}: {one_line(forecast.reason)}", style="bold"), soft_wrap=True)
    console.print(Text(f"{chunks}, {_calls(forecast)}"), soft_wrap=True)
    console.print()
    head, *roles, total = columns(_rows(forecast), right=(2, 3, 4, 5))
    console.print(Text(head, style="dim"), soft_wrap=True)
    for line in roles:
        console.print(Text(line), soft_wrap=True)
    console.print(Text(total, style="bold"), soft_wrap=True)
    console.print()
    console.print(Text("Tokens and cost are at most; retries come on top.", style="dim"), soft_wrap=True)


def _calls(forecast: Forecast) -> str:
    calls = "1 call" if forecast.calls == 1 else f"{forecast.calls:,} calls"
    text = f"{'exactly' if forecast.exact else 'at most'} {calls}"
    return text if forecast.calls == 1 else f"{text}, {forecast.depth:,} of them one after the other"


def _rows(forecast: Forecast) -> list[tuple[str, ...]]:
    head = ("role", "model", "calls", "prompt tokens", "reply tokens", "cost")
    rows = [
        (
            role.role,
            role.model,
            f"{role.calls:,}",
            f"{role.prompt_tokens:,}",
            f"{role.completion_tokens:,}",
            dollars(role.cost),
        )
        for role in forecast.roles
    ]
    sums = (f"{forecast.calls:,}", f"{forecast.prompt_tokens:,}", f"{forecast.completion_tokens:,}")
    return [head, *rows, ("in all", "", *sums, dollars(forecast.cost))]

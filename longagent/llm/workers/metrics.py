"""What a worker counts, from the text it serves at `/metrics`."""

import math
import re
from typing import NamedTuple

_SAMPLE = re.compile(r"^vllm:(\w+?)(?:_total)?(?:\{[^\n]*\})? ([^\s]+)(?: \d+)?$", re.MULTILINE)


class Metrics(NamedTuple):
    """Of one worker, its engines together; `None` is what it does not tell."""

    running: int | None = None
    """Requests that are computed."""
    waiting: int | None = None
    cache_usage: float | None = None
    """Of the memory for keys and values, the part in use: 0 to 1."""
    prefix_queries: int | None = None
    """Prompt tokens that were looked for among the kept ones, since it started."""
    prefix_hits: int | None = None
    """Those that were found, and not computed again."""

    @property
    def hit_rate(self) -> float | None:
        """Found part of the tokens that were looked for: 0 to 1; `None` before the first."""
        if not self.prefix_queries or self.prefix_hits is None:
            return None
        return self.prefix_hits / self.prefix_queries


def parse_metrics(text: str) -> Metrics:
    """Read Prometheus' text format, as vLLM writes it."""
    found: dict[str, list[float]] = {}
    for name, value in _SAMPLE.findall(text):
        try:
            number = float(value)
        except ValueError:
            continue
        if math.isfinite(number):
            found.setdefault(name, []).append(number)
    # Another name in versions before V1.
    usage = found.get("kv_cache_usage_perc") or found.get("gpu_cache_usage_perc")
    return Metrics(
        running=_sum(found.get("num_requests_running")),
        waiting=_sum(found.get("num_requests_waiting")),
        cache_usage=max(usage) if usage else None,
        prefix_queries=_sum(found.get("prefix_cache_queries")),
        prefix_hits=_sum(found.get("prefix_cache_hits")),
    )


def _sum(values: list[float] | None) -> int | None:
    return None if values is None else round(sum(values))

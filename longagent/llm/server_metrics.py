"""What a server counts about itself and shows at `/metrics`: what its prefix cache saved, and how busy it is."""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

# Labels hold braces and blanks where a model's name does.
_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)(?:\{.*\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?\s*", re.ASCII)

# vLLM's own names first, those of its versions before 0.9, SGLang's and llama.cpp's. Prometheus' client for Python adds
# `_total` to counters.
_HITS = ("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total")
_QUERIES = ("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total")
_RUNNING = ("vllm:num_requests_running", "sglang:num_running_reqs", "llamacpp:requests_processing")
_WAITING = ("vllm:num_requests_waiting", "sglang:num_queue_reqs", "llamacpp:requests_deferred")
_KV_USAGE = ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "sglang:token_usage")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetrics:
    """What one server tells, all its engines together; `None` for what it does not."""

    prefix_hits: int | None = None
    """Prompt tokens found in the prefix cache, since the server started."""
    prefix_queries: int | None = None
    """Prompt tokens looked for there, since the server started."""
    running: int | None = None
    """Calls being computed."""
    waiting: int | None = None
    """Calls that wait for room."""
    kv_usage: float | None = None
    """Share in use of the memory for prompts and replies, from 0 to 1; of several engines, the fullest one's."""

    @property
    def hit_rate(self) -> float | None:
        """Share of the prompt tokens that came from the prefix cache; `None` before any was looked for."""
        if self.prefix_hits is None or not self.prefix_queries:
            return None
        return self.prefix_hits / self.prefix_queries


def read_metrics(text: str) -> ServerMetrics:
    """Read metrics in Prometheus' text format; lines that cannot be read are passed over."""
    values: dict[str, list[float]] = {}
    wanted = {*_HITS, *_QUERIES, *_RUNNING, *_WAITING, *_KV_USAGE}
    for line in text.splitlines():
        sample = _SAMPLE.fullmatch(line)
        if sample and sample[1] in wanted and (value := _number(sample[2])) is not None:
            values.setdefault(sample[1], []).append(value)

    def first(names: tuple[str, ...], together: Callable[[Iterable[float]], float]) -> float | None:
        return next((together(values[name]) for name in names if name in values), None)

    def total(names: tuple[str, ...]) -> int | None:
        count = first(names, math.fsum)
        return None if count is None else int(count)

    return ServerMetrics(
        prefix_hits=total(_HITS),
        prefix_queries=total(_QUERIES),
        running=total(_RUNNING),
        waiting=total(_WAITING),
        kv_usage=first(_KV_USAGE, max),
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None

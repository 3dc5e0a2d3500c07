"""Which server a call goes to: the one that has its prompt's beginning in its cache, unless it has too much to do.

Rendezvous hashing (Thaler and Ravishankar 1998) with bounded loads (Mirrokni, Thorup and Zadimoghaddam 2018,
arXiv:1608.01350): a server that leaves or returns moves its own keys only, and none gets much more than its share.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from math import ceil

SLACK = 1.1
"""What a server may have to do, as a multiple of the mean, before its calls spill over: with more others would idle,
with less calls would leave what is computed already."""


def choose(key: str, loads: Mapping[str, int], *, slack: float = SLACK) -> str:
    """Return the server for a call.

    Args:
        key: stands for the beginning of the prompt; empty: it has none that others share.
        loads: what each server has to do, in calls; at least one server.
        slack: at least 1.
    """
    if not key:
        return min(loads, key=loads.__getitem__)
    most = ceil(slack * (sum(loads.values()) + 1) / len(loads))
    return next(server for server in ranked(key, tuple(loads)) if loads[server] < most)


@lru_cache(maxsize=16_384)
def ranked(key: str, servers: tuple[str, ...]) -> tuple[str, ...]:
    """Return the servers in the order in which a key prefers them; with one fewer, the others keep their order."""
    return tuple(sorted(servers, key=lambda server: _weight(key, server), reverse=True))


def _weight(key: str, server: str) -> bytes:
    return blake2b(f"{server}\0{key}".encode(), digest_size=8).digest()

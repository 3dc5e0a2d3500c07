"""Which of several servers a call goes to: the one that has its prompt's beginning, unless that has too much to do.

Rendezvous hashing (Thaler and Ravishankar 1998) with bounded loads (Mirrokni, Thorup and Zadimoghaddam 2018,
arXiv:1608.01350). Rendezvous rather than a ring: for the few servers of a pool it costs as little, it is even without
virtual nodes, and of any servers that are left it says which is next.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import ceil

SLACK = 1.1
"""What a server may have to do, as a multiple of the mean, before calls that find nothing computed there go past it."""
WARM_SLACK = 2.0
"""The same for calls that find their beginning computed there, and take about half the time for it."""


def ranked(key: str, servers: Sequence[str]) -> tuple[str, ...]:
    """Return the servers in the order in which a key prefers them, the same in every process.

    One that leaves changes nothing about the order of the others: its keys alone move, evenly to all of them, and come
    back when it does.
    """
    return tuple(sorted(servers, key=lambda server: _weight(key, server), reverse=True))


def preferred(order: Sequence[str], loads: Mapping[str, int], *, slack: float = SLACK) -> list[str]:
    """Return the servers in the order in which one more call should try them.

    Args:
        order: as the call's key prefers them; not empty.
        loads: what each of them has to do, in calls.
        slack: at least 1.

    Returns:
        The first, if it would not have more than so many times the mean, and one call is never too much; then the
        others, the least busy first.
    """
    most = ceil(slack * (sum(map(loads.__getitem__, order)) + 1) / len(order))
    if loads[order[0]] < most:
        return [order[0], *sorted(order[1:], key=loads.__getitem__)]
    # Sorting keeps the order of those that have as much to do.
    return sorted(order, key=loads.__getitem__)


def _weight(key: str, server: str) -> bytes:
    return blake2b(f"{server}\0{key}".encode(), digest_size=8).digest()

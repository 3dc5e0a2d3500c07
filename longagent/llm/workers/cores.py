"""Cores and memory of this machine, shared among workers on the CPU."""

from collections.abc import Sequence

_SHARE = 4
"""Of the free memory, one part in so many is for keys and values; the weights are not known yet."""
_MOST_GIB = 32


def split_cores(cores: Sequence[int], *, replicas: int, each: int) -> tuple[str, ...]:
    """Return what to bind the threads of each worker to, as `VLLM_CPU_OMP_THREADS_BIND` has it.

    Args:
        cores: to be split.
        replicas: how many workers there are.
        each: processes of one worker (tensor times pipeline), each of which has cores of its own.
    """
    count = replicas * each
    # More processes than cores take turns: slow, but it is what was asked for.
    shares = [_share(cores, number, count) for number in range(count)]
    lists = [",".join(map(str, share)) for share in shares]
    return tuple("|".join(lists[number * each : (number + 1) * each]) for number in range(replicas))


def cache_gib(available: int | None, *, replicas: int) -> int:
    """Return GiB of memory for keys and values of one worker; `available` bytes are free, if that is known."""
    free = 0 if available is None else available // 2**30
    return max(1, min(_MOST_GIB, free // (_SHARE * replicas)))


def _share(cores: Sequence[int], number: int, count: int) -> Sequence[int]:
    if count >= len(cores):
        return [cores[number % len(cores)]]
    return cores[number * len(cores) // count : (number + 1) * len(cores) // count]

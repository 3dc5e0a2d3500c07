"""Cores and memory of this machine, shared among workers on the CPU."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_SHARE = 4
"""Of the free memory, one part in so many is for keys and values; the weights are not known yet."""
_MOST_GIB = 32


def our_cores() -> tuple[int, ...]:
    """Return one thread of each core that is for us; containers may have fewer than the machine."""
    threads = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [*range(os.cpu_count() or 1)]
    # Two threads on one core only hinder each other.
    cores = {_siblings(thread): thread for thread in reversed(threads)}
    found = sorted(cores.values())
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        found = found[: max(1, int(quota) // int(period))]
    return tuple(found)


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


def available_memory() -> int | None:
    """Return the bytes that programs may still take, as the kernel judges."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024
    return None


def _share(cores: Sequence[int], number: int, count: int) -> Sequence[int]:
    if count >= len(cores):
        return [cores[number % len(cores)]]
    return cores[number * len(cores) // count : (number + 1) * len(cores) // count]


def _siblings(thread: int) -> str:
    try:
        return Path(f"/sys/devices/system/cpu/cpu{thread}/topology/thread_siblings_list").read_text()
    except OSError:
        return str(thread)

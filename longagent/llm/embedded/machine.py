"""What of this machine is ours to use: cores and memory, where containers and batch systems give less than there is."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/")


def cores(root: Path = _ROOT) -> tuple[int, ...]:
    """Return one thread, by its number, of each physical core that this process may use.

    Args:
        root: where the system's own folders are; for tests.
    """
    if not sys.platform.startswith("linux"):
        # Elsewhere the half of what is counted are second threads of a core, or cores that save power.
        return tuple(range(max(1, (os.cpu_count() or 2) // 2)))
    found = sorted(os.sched_getaffinity(0))
    with suppress(OSError):
        # Two threads on one core only hinder each other.
        topology = root / "sys/devices/system/cpu"
        siblings = {
            (topology / f"cpu{thread}/topology/thread_siblings_list").read_text(): thread for thread in reversed(found)
        }
        found = sorted(siblings.values())
    return tuple(found[: max(1, int(min([len(found), *_quotas(root)])))])


def free_memory(root: Path = _ROOT) -> int | None:
    """Return the bytes a new process may take without pushing others out; `None` when that is not known.

    Args:
        root: as for `cores`.
    """
    if not sys.platform.startswith("linux"):
        return None
    found = [*_spare(root)]
    with suppress(OSError, ValueError, IndexError):
        lines = (root / "proc/meminfo").read_text().splitlines()
        (available,) = [line for line in lines if line.startswith("MemAvailable:")]
        found.append(int(available.split()[1]) * 1024)
    return min(found, default=None)


def _quotas(root: Path) -> Iterator[float]:
    """Yield the cores' worth of time that each of our groups may take."""
    for folder in _groups(root, "cpu"):
        with suppress(OSError, ValueError):
            quota, period = (folder / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
            if int(quota) > 0:
                yield int(quota) / int(period)


def _spare(root: Path) -> Iterator[int]:
    """Yield the memory that is left to each of our groups. What files take in it is given back when it is needed."""
    for folder in _groups(root, "memory"):
        for most, used, files in (
            ("memory.max", "memory.current", ("active_file", "inactive_file")),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_active_file", "total_inactive_file")),
        ):
            with suppress(OSError, ValueError):
                limit, taken = int((folder / most).read_text()), int((folder / used).read_text())
                stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                yield max(0, limit - taken + sum(int(stat.get(name, 0)) for name in files))


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of the control groups we are in, and of all above them; of either version of the system."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        names = controllers.split(",")
        if controllers and controller not in names:
            continue
        top = root / "sys/fs/cgroup" / (controller if controllers else "")
        inner = top / place.lstrip("/")
        # Inside a container the place may be told as the host sees it, and not be there: what is above it is ours.
        for folder in (inner, *inner.parents):
            if not folder.is_relative_to(top):
                break
            yield folder

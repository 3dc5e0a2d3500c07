"""Cores and memory that are ours, where containers and batch systems give less than the machine has."""

import os
import sys
from pathlib import Path

import pytest

from longagent.llm.embedded.machine import cores, free_memory

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="control groups are Linux's")

GB = 10**9


@pytest.fixture(autouse=True)
def eight_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def siblings(of: dict[int, str]) -> dict[str, str]:
    return {
        f"sys/devices/system/cpu/cpu{thread}/topology/thread_siblings_list": f"{text}\n" for thread, text in of.items()
    }


def test_two_threads_of_a_core_count_once(tmp_path: Path) -> None:
    assert len(cores(tmp_path)) == 8
    write(tmp_path, siblings({thread: f"{thread % 4},{thread % 4 + 4}" for thread in range(8)}))
    assert cores(tmp_path) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("quota", "expected"), [("max 100000", 8), ("350000 100000", 3), ("50000 100000", 1), ("nonsense", 8)]
)
def test_a_container_gets_what_its_group_may_take(tmp_path: Path, quota: str, expected: int) -> None:
    write(tmp_path, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": f"{quota}\n"})
    assert len(cores(tmp_path)) == expected


def test_groups_above_ours_count_too(tmp_path: Path) -> None:
    groups = {"job/step/cpu.max": "max 100000\n", "job/cpu.max": "200000 100000\n", "cpu.max": "max 100000\n"}
    files = {f"sys/fs/cgroup/{name}": text for name, text in groups.items()}
    write(tmp_path, {"proc/self/cgroup": "0::/job/step\n", **files})
    assert len(cores(tmp_path)) == 2


def test_the_older_system_of_groups(tmp_path: Path) -> None:
    lines = "5:memory:/job\n4:cpu,cpuacct:/host/only\n1:name=systemd:/\n0::/\n"
    v1 = {"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}
    memory = {"limit_in_bytes": f"{4 * GB}\n", "usage_in_bytes": f"{GB}\n", "stat": f"total_inactive_file {GB // 2}\n"}
    files = v1 | {f"memory/job/memory.{name}": text for name, text in memory.items()}
    write(tmp_path, {"proc/self/cgroup": lines, **{f"sys/fs/cgroup/{name}": text for name, text in files.items()}})
    assert len(cores(tmp_path)) == 3
    assert free_memory(tmp_path) == 3 * GB + GB // 2


def test_free_memory_is_the_least_that_anybody_grants(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None
    meminfo = {"proc/meminfo": f"MemTotal: {16 * GB // 1024} kB\nMemAvailable:   {8 * GB // 1024} kB\n"}
    assert free_memory(write(tmp_path, meminfo)) == 8 * GB
    group = {"memory.max": "max\n", "memory.current": f"{GB}\n", "memory.stat": f"active_file {GB}\n"}
    files = {f"sys/fs/cgroup/{name}": text for name, text in group.items()}
    write(tmp_path, {"proc/self/cgroup": "0::/\n", **files})
    assert free_memory(tmp_path) == 8 * GB
    (tmp_path / "sys/fs/cgroup/memory.max").write_text(f"{3 * GB}\n")
    assert free_memory(tmp_path) == 3 * GB
    (tmp_path / "sys/fs/cgroup/memory.current").write_text(f"{9 * GB}\n")
    assert free_memory(tmp_path) == 0


def test_this_machine() -> None:
    assert cores()
    assert (free_memory() or 0) > 0

"""Whether the process that left a mark still lives, although process ids are used again."""

import os
import sys
from pathlib import Path


def mark(pid: int | None = None) -> str:
    """Return a line that tells a process, this one by default, from all others of this machine, past and to come."""
    number = os.getpid() if pid is None else pid
    return f"{number} {_birth(number)}".strip()


def is_alive(mark: str) -> bool:
    """Whether the process of a mark runs; `False` where that cannot be known (Windows, another machine)."""
    number, _, birth = mark.partition(" ")
    if not number.isdecimal():
        return False
    if birth or sys.platform == "win32":  # there, os.kill would really kill
        return bool(birth) and _birth(int(number)) == birth
    try:
        os.kill(int(number), 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def _birth(pid: int) -> str:
    """Return boot and clock tick at which a process began; empty if it is gone, or the system does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    state, ticks = fields[0], fields[19]
    return "" if state == b"Z" else f"{boot} {ticks.decode()}"

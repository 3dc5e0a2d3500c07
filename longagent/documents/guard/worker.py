"""The guarded process: reads one file after the other, each within limits of memory and time.

It runs as a script, so that it starts fast and nothing in the user's folder is imported. On standard input, a line of
JSON says what follows: `{"format", "size", "seconds", "memory", "characters", "options"}`, then the file's bytes. On
standard output, 8 bytes tell the length of the JSON that follows: `{"parsed": …}` or
`{"error": [problem, hint, whether a password is missing or wrong]}`.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

_WORN = 0.5
"""Part of the allowed memory beyond which a process is not used again: what is in pieces is not given back."""
_FORBIDDEN: tuple[str, ...] = (
    *("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "urllib.", "webbrowser."),
    *("subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile"),
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "shutil."),
)
"""Audit events (of Python, and of its libraries) that no reader has a reason for."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main() -> None:
    """Serve until standard input ends."""
    requests, replies = _private_streams()
    _die_with(int(sys.argv[1]))
    _confine()
    _name_packages()
    spent = False
    while not spent and (line := requests.readline(65536)):
        request = json.loads(line)
        with _clock(request["seconds"]):
            _limit_memory(request["memory"])
            try:
                body, spent = _serve(request, requests)
            except MemoryError:
                problem = "needs more memory to read than is allowed for one file."
                body, spent = _encode({"error": [problem, "Split it, or save it again.", False], "spent": True}), True
            with suppress(BrokenPipeError):
                replies.write(len(body).to_bytes(8, "big") + body)
                replies.flush()


def _serve(request: dict[str, Any], requests: BinaryIO) -> tuple[bytes, bool]:
    """Read a file; return the reply, and whether this process should not read another."""
    data = requests.read(request["size"])
    if len(data) < request["size"]:
        sys.exit()  # the parent is gone
    try:
        reply = {"parsed": _read(request, data)}
    except MemoryError:
        raise
    except RecursionError:
        problem = "is nested too deeply to be read."
        reply = {"error": [problem, "It may be made to do harm; save it again in a simpler form.", False]}
    except Exception as failure:
        reply = {"error": _told(failure)}
    spent = _is_worn(request["memory"])
    return _encode(reply | {"spent": spent}), spent


def _read(request: dict[str, Any], data: bytes) -> Any:
    from longagent.documents.formats import READERS
    from longagent.documents.parsed import Options, UnreadableError

    reader = import_module(READERS[request["format"]])
    parsed = reader.read(data, Options(**request["options"]))
    if sum(len(part.text) for part in parsed.parts) > request["characters"]:
        raise UnreadableError("holds more text than can be read at once.", "Split it.")
    return parsed


def _told(failure: Exception) -> list[Any]:
    problem = getattr(failure, "problem", None)
    if isinstance(problem, str):
        return [problem, getattr(failure, "hint", ""), type(failure).__name__ == "LockedError"]
    words = " ".join(f"{type(failure).__name__}: {failure}".split())[:200]
    return [f"could not be read: {words}.", "It may be damaged; open it in its own program and save it again.", False]


def _encode(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply, ensure_ascii=False).encode("utf-8", "replace")


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep standard input and output for us; whatever a library prints goes nowhere."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return requests, replies


def _name_packages() -> None:
    """Let the readers be imported from beside this file, without what the packages around them import.

    That would be asyncio and more, of no use here, and would double the time to start.
    """
    for name, folder in (("longagent", Path(__file__).parents[2]), ("longagent.documents", Path(__file__).parents[1])):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package


def _die_with(parent: int) -> None:
    """On Linux, let the kernel kill us when the parent dies; elsewhere, standard input ends."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _confine() -> None:
    """Write no file, leave no core, open no connection, start no program, whatever a document asks a library for."""
    sys.dont_write_bytecode = True
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
        if writes or event.startswith(_FORBIDDEN):
            raise PermissionError(f"{event} is not allowed while a document is read")

    sys.addaudithook(refuse)


@contextmanager
def _clock(seconds: float) -> Iterator[None]:
    """End the process if this takes so many seconds, and the parent, which looks first, cannot."""
    if hasattr(signal, "alarm"):
        # A library that never lets go of the interpreter starves threads, but not signals.
        signal.alarm(int(seconds) + 1)
    clock = threading.Timer(seconds, os._exit, (1,))
    clock.daemon = True
    clock.start()
    yield
    clock.cancel()
    if hasattr(signal, "alarm"):
        signal.alarm(0)


def _limit_memory(limit: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit if most < 0 else min(limit, most), most))


def _is_worn(memory: int) -> bool:
    """Whether so much was taken that the next file would start with less."""
    return _peak() > _WORN * memory


def _peak() -> int:
    """Return the most bytes of memory this process has taken, 0 if that is not known."""
    # The usual count begins with what the parent had, when it started us: gigabytes, in a large program.
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


if __name__ == "__main__":
    main()

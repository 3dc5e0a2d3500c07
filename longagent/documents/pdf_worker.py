"""The guarded process that reads one PDF: bytes on standard input, one JSON object on standard output.

It runs as a script, not as a module of the package, and imports nothing but the standard library and pypdfium2: it
starts fast, and a file called json.py in the user's folder is not imported. A PDF that crashes it costs that file only.
"""

import json
import os
import sys
import threading
from contextlib import suppress
from typing import Any, BinaryIO

MEMORY = 1536 * 1024 * 1024
"""Bytes of address space beyond the file itself."""
CHARACTERS = 50_000_000
"""More text than this (some 15,000 full pages) is refused."""


def main() -> None:
    """Read a PDF and reply `{"pages": [text, …], "blank": [number, …]}` or `{"error": cause, "detail": text}`."""
    seconds, parent = float(sys.argv[1]), int(sys.argv[2])
    replies = _private_stdout()
    _die_with(parent)
    # If the parent cannot end us (it was killed, and this is not Linux), we end ourselves.
    watchdog = threading.Timer(seconds, os._exit, (1,))
    watchdog.daemon = True
    watchdog.start()
    data = sys.stdin.buffer.read()
    _limit_memory(MEMORY + 2 * len(data))
    try:
        reply = _read(data)
    except MemoryError:
        reply = {"error": "memory"}
    except Exception as error:
        reply = {"error": "failed", "detail": f"{type(error).__name__}: {error}"}
    with suppress(BrokenPipeError):
        replies.write(json.dumps(reply).encode())
        replies.flush()


def _private_stdout() -> BinaryIO:
    """Keep standard output for the reply; whatever a library prints goes nowhere."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _die_with(parent: int) -> None:
    """On Linux, let the kernel kill us when the parent dies."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(data: bytes) -> dict[str, Any]:
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        return {"error": "password" if locked else "broken", "detail": str(error)}
    pages: list[str] = []
    blank: list[int] = []
    broken: list[int] = []
    total = 0
    for number in range(1, len(document) + 1):
        text = ""
        try:
            page = document[number - 1]
            text = page.get_textpage().get_text_bounded()
            if not text.strip() and pdfium.FPDFPage_CountObjects(page) == 0:
                blank.append(number)
            page.close()
        except pypdfium2.PdfiumError:
            broken.append(number)
        pages.append(text)
        total += len(text)
        if total > CHARACTERS:
            return {"error": "long"}
    return {"pages": pages, "blank": blank, "broken": broken}


if __name__ == "__main__":
    main()

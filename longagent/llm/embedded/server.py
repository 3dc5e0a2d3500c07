"""The process in which the embedded model runs: llama.cpp's own HTTP server, on this machine's loopback address.

It runs as a script, not as a module of the package, and imports nothing of it. Standard input brings one line of JSON
and stays open: when it ends, the parent has died, and so does this process. Standard output brings one line of JSON,
`{"port": …}`, once the model answers. What goes wrong is told on standard error.
"""

import json
import os
import sys
import threading
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

_REMEMBERED_MIB = 256
"""Memory for states of earlier prompts (22 MiB per 1,000 tokens); llama.cpp would take up to 8 GiB."""


def main() -> None:
    """Serve one model until the parent dies."""
    order = json.loads(sys.stdin.buffer.readline())
    # While the model loads no other thread of Python runs (the library keeps the lock), so the kernel must watch.
    _kernel_ends_us_with(order["parent"], True)
    ready = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the library prints must not be taken for the reply
    _leave_no_core_dump()
    server = _serve(order)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    # The kernel would also end us when only the thread ends that started us; from here on we watch ourselves.
    _kernel_ends_us_with(order["parent"], False)
    with ready:
        ready.write(json.dumps({"port": urlsplit(server.listening_address).port}) + "\n")
    # A process forked by the parent may hold our standard input open beyond its death.
    while os.name == "nt" or os.getppid() == order["parent"]:
        time.sleep(1)
    os._exit(0)


def _serve(order: dict[str, Any]) -> Any:
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = order["model"]
    params.n_ctx = order["window"]
    params.api_keys = [order["key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = 1
    params.n_batch = 512  # only between batches it notices that the caller has gone
    params.cache_ram_mib = _REMEMBERED_MIB
    params.ui = False
    params.endpoint_slots = False  # they would show the prompts
    params.cors_origins = ""
    params.offline = True
    params.fit_params = False  # it would load the model twice to see what fits
    params.verbosity = 1  # errors only: the rest would tell of every request
    params.cpuparams_batch.n_threads = order["reading_threads"]
    params.cpuparams.n_threads = order["writing_threads"]
    try:
        return Server(params)
    except RuntimeError:
        sys.exit(1)  # llama.cpp has said why


def _kernel_ends_us_with(parent: int, wanted: bool) -> None:
    """On Linux, have the kernel kill us when the parent dies, or no longer."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL if wanted else 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before we asked
        os._exit(0)


def _leave_no_core_dump() -> None:
    """If we crash, the document that is in our memory must not end up in a file."""
    try:
        import resource
    except ImportError:
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    # At once, without waiting for a reply that is being written: nobody will read it.
    os._exit(0)


if __name__ == "__main__":
    main()

"""`python -m longagent.testing.server`: prints its base URL, and serves until it is told to end (SIGTERM, Ctrl-C)."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from longagent.testing.readers import chain_reader, closest_sentence
from longagent.testing.server.faults import QUICK, Fault, FaultMix, parse_fault
from longagent.testing.server.simulated import SimulatedServer
from longagent.testing.server.speed import Speed

_READERS = {"closest-sentence": closest_sentence, "chain": chain_reader}


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal."""
    given = _parser().parse_args(arguments)
    server = SimulatedServer(
        _READERS.get(given.reader, given.reply),
        model=given.model,
        window=given.window or None,
        api_key=given.api_key,
        speed=Speed(first_token=given.first_token, prefill=given.prefill, decode=given.decode),
        slots=given.slots,
        queue=given.queue,
        prefix_cache=given.prefix_cache,
        faults=FaultMix(given.faults, dict(given.fault or [(kind, 1.0) for kind in QUICK]), given.seed),
        retry_after=given.retry_after,
        tokenize=given.tokenize,
        record=False,
        port=given.port,
    )
    # The process is ours alone: a signal may end it wherever it is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with server:
            print(server.base_url, flush=True)  # noqa: T201 - whoever started it waits for this line
            threading.Event().wait()
    except KeyboardInterrupt:
        sys.exit(130)


def _weighted(text: str) -> tuple[Fault, float]:
    kind, _, weight = text.partition("=")
    return parse_fault(kind), float(weight or 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m longagent.testing.server", description="A simulated model server.")
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--model", default="sim", help="the name it serves")
    add("--window", type=int, default=8192, help="tokens of prompt and reply together; 0: any number")
    add("--api-key", help="requests without it are refused")
    add("--reply", default="A reply.", help="text of every reply")
    add("--reader", choices=list(_READERS), help="reply from the prompt instead")
    add("--first-token", type=float, default=0.0, metavar="SECONDS")
    add("--prefill", type=float, metavar="RATE", help="prompt tokens per second")
    add("--decode", type=float, metavar="RATE", help="reply tokens per second")
    add("--slots", type=int, help="calls computed at once")
    add("--queue", type=int, help="calls that may wait; more are answered 503")
    add("--prefix-cache", type=int, default=0, metavar="TOKENS")
    add("--faults", type=float, default=0.0, metavar="SHARE", help="share of calls that fail")
    add("--fault", type=_weighted, action="append", metavar="KIND[=WEIGHT]", help="which faults; may be repeated")
    add("--seed", type=int, default=0, help="of the faults")
    add("--retry-after", type=float, default=1.0, metavar="SECONDS")
    add("--tokenize", action="store_true", help="serve /tokenize")
    return parser


if __name__ == "__main__":
    main()

"""Several processes put into, get from and clear out one response cache at once, for a minute.

    python benchmarks/cache_soundness.py --seconds 60

Every value names its key and carries its own checksum, so that a reply that is read back as anything but what some
process put under that key is seen. The cache is kept small, so that it evicts all the time. Exits with 1 if anything
was wrong: a false reply, a warning of the cache, a file beyond its size, or one that SQLite finds damaged.
"""

import argparse
import asyncio
import json
import logging
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from longagent.store.response_cache import ResponseCache

KEYS = 4000
MAX_BYTES = 4 * 2**20


def key(number: int) -> bytes:
    return sha256(str(number).encode()).digest()


def make(number: int, random: Random) -> dict[str, Any]:
    text = random.randbytes(random.randrange(100, 3000)).hex()
    return {"number": number, "text": text, "sum": sha256(text.encode()).hexdigest()}


def is_sound(number: int, record: dict[str, Any]) -> bool:
    return bool(record["number"] == number and record["sum"] == sha256(record["text"].encode()).hexdigest())


async def hammer(folder: Path, seconds: float, seed: int) -> dict[str, int]:
    """Put and get at random; a sixteenth of the keys is this process's own and must be read back at once."""
    random = Random(seed)
    cache = ResponseCache(folder, max_bytes=MAX_BYTES)
    told = {"puts": 0, "hits": 0, "misses": 0, "false": 0, "own_lost": 0}
    ends = monotonic() + seconds
    while monotonic() < ends:
        number = random.randrange(KEYS)
        if random.random() < 0.4:
            await cache.put(key(number), make(number, random))
            told["puts"] += 1
            continue
        if random.random() < 1 / 16:
            own = make(KEYS + seed, random)
            await cache.put(key(KEYS + seed), own)
            told["puts"] += 1
            told["own_lost"] += await cache.get(key(KEYS + seed)) != own
            continue
        record = await cache.get(key(number))
        told["hits" if record else "misses"] += 1
        told["false"] += record is not None and not is_sound(number, record)
    await cache.aclose()
    return told


class Count(logging.Handler):
    """Counts what the cache complains of."""

    warnings = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count, and pass on to a person."""
        self.warnings += 1
        print(record.getMessage(), file=sys.stderr)


def work(folder: Path, seconds: float, seed: int) -> None:
    count = Count()
    logging.getLogger("longagent").addHandler(count)
    told = asyncio.run(hammer(folder, seconds, seed))
    print(json.dumps({**told, "warnings": count.warnings}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--worker", nargs=2, metavar=("FOLDER", "SEED"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(Path(args.worker[0]), args.seconds, int(args.worker[1]))
        return 0

    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, __file__, "--seconds", str(args.seconds), "--worker", name]
        # All begin at once on a file that is not there yet.
        workers = [
            subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE, text=True) for seed in range(args.processes)
        ]
        told = [json.loads(worker.communicate()[0] or "{}") for worker in workers]
        size = (Path(name) / "replies.db").stat().st_size
        with closing(sqlite3.connect(Path(name) / "replies.db")) as connection:
            check = connection.execute("PRAGMA integrity_check").fetchone()[0]

    total = {what: sum(each.get(what, 0) for each in told) for what in told[0]}
    done = total.get("puts", 0) + total.get("hits", 0) + total.get("misses", 0)
    print(f"{args.processes} processes, {args.seconds:g} s: {done} operations ({done / args.seconds:.0f}/s)")
    print(", ".join(f"{what} {number}" for what, number in total.items()))
    print(f"file {size} of {MAX_BYTES} bytes allowed, integrity: {check}")
    wrong = sum(total.get(what, 1) for what in ("false", "own_lost", "warnings"))
    failed = any(worker.returncode for worker in workers) or not done
    return int(failed or wrong > 0 or size > 1.05 * MAX_BYTES or check != "ok")


if __name__ == "__main__":
    sys.exit(main())

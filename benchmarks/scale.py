"""Load, cut and rank a very long text: seconds, memory, growth, the first time and from the index store.

    python benchmarks/scale.py ../shared/data/dev [--tokens 1000000 10000000]

The text: the novels and filings of the folder, one after the other until there is enough. Each round every fifth word
is another one (a suffix tells the round), so that words and sentences do not simply come again. A process of its own
for each row; memory is the most it took, without the guarded process that reads the file, which is told too.
"""

import argparse
import asyncio
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CHUNK = 600
QUESTION = "What did the captain say about the debt that matures in 2019?"
_PER_TOKEN = 4.3
"""Characters for a token of this text, about."""


def pages(folder: Path) -> Iterator[str]:
    """Yield texts without end."""
    files = [*(folder / "docs/nocha").glob("*.txt"), *(folder / "docs/lara").glob("*.txt")]
    texts = [path.read_text("utf-8") for path in sorted(files)]
    number = 0
    while True:
        for text in texts:
            yield re.sub(r"(?<=[a-z])(?= (?:\w+ ){4})", f"{number}x", text) if number else text
            yield "\n\n"
        number += 1


def write(path: Path, tokens: int, folder: Path) -> None:
    """Write a text of about so many tokens."""
    left = int(tokens * _PER_TOKEN)
    with path.open("w", encoding="utf-8") as file:
        for text in pages(folder):
            file.write(text[:left])
            left -= len(text)
            if left <= 0:
                return


async def measure(path: Path, store_folder: Path) -> dict[str, float]:
    """Do what a question takes before its first call, and return the seconds of each step."""
    from longagent.documents import load
    from longagent.documents.tokens import count_tokens
    from longagent.graphs.pieces import cut_all
    from longagent.store.index_store import IndexStore

    store = IndexStore(store_folder)
    held = asyncio.create_task(_longest_pause())
    await asyncio.to_thread(count_tokens, "Loads the vocabulary.")
    begun = time.perf_counter()
    documents = (await load([path], kept=store.shelf("documents"))).documents
    loaded = time.perf_counter()
    chunks = await cut_all(documents, tokens=CHUNK, fill=0.5, kept=store.shelf("cuts"))
    cut = time.perf_counter()
    found = await _ranked(chunks, store)
    ready = time.perf_counter()
    held.cancel()
    await store.aclose()
    kept = time.perf_counter()
    usage = [resource.getrusage(of).ru_maxrss / 1024 for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "tokens": sum(chunk.tokens for chunk in chunks),
        "chunks": len(chunks),
        "load": loaded - begun,
        "cut": cut - loaded,
        "rank": ready - cut,
        "ready": ready - begun,
        "keep": kept - ready,
        "mb": usage[0],
        "reader_mb": usage[1],
        "pause": _pauses[0],
        "best": found,
    }


async def _ranked(chunks: list, store: object) -> float:  # type: ignore[type-arg]
    from longagent import retrievers

    building = getattr(retrievers, "build", None)
    if building is None:
        index = await asyncio.to_thread(retrievers.Bm25, chunks)
    else:
        index = (await building(chunks, retrievers.Ranking(kind="bm25"), store)).retriever
    return (await asyncio.to_thread(index.rank, QUESTION))[0].chunk.index


_pauses = [0.0]


async def _longest_pause() -> None:
    """Note for how long the event loop was held at most."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.01)
        _pauses[0] = max(_pauses[0], time.perf_counter() - before - 0.01)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokens", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000])
    parser.add_argument("--one", nargs=2, type=Path, help=argparse.SUPPRESS)
    of = parser.parse_args()
    if of.one:
        print(json.dumps(asyncio.run(measure(*of.one))))
        return
    print("| tokens | | chunks | load | cut | BM25 | ready | memory | reader's | longest pause of the loop | keeping |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for tokens in of.tokens:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "long.txt"
            write(path, tokens, of.folder)
            for what in ("first time", "second time"):
                command = [sys.executable, __file__, str(of.folder), "--one", str(path), str(Path(folder) / "cache")]
                told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
                steps = " | ".join(f"{told[step]:.1f} s" for step in ("load", "cut", "rank", "ready"))
                memory = f"{told['mb']:.0f} MB | {told['reader_mb']:.0f} MB"
                rest = f"{told['pause']:.2f} s | {told['keep']:.1f} s"
                print(f"| {told['tokens']:,} | {what} | {told['chunks']:,} | {steps} | {memory} | {rest} |", flush=True)


if __name__ == "__main__":
    main()

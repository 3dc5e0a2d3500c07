"""Least load beside routing by prefix: a few questions about the chunks of one document, over several servers.

    python benchmarks/pool.py [--servers 8] [--chunks 400] [--concurrency 64] [--json]

The servers are simulated, each in a process of its own: 50 ms before the first token, 2,000 prompt tokens read in a
second, and those from its prefix cache in no time. Each question is asked about all chunks at once, with the prompt of
`alr2`. Possible hits are those of one server with an endless cache. *Even* is how far the farthest server is from the
mean number of calls; where one is slow (four times), among the others.

Also the time that routing takes: what `Addresses.slot` adds to a call that does nothing, without and with a prefix.
"""

import argparse
import asyncio
import json
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from longagent.agents.prompt import Prompt
from longagent.llm.addresses import Addresses
from longagent.llm.model import Profile, Request
from longagent.llm.openai_server import OpenAIServer
from longagent.testing import ServerProcess
from longagent.testing.server.prefix_cache import PrefixCache

QUESTIONS = ("What did rebuilding the harbour cost?", "Who was the chairman of the board?", "When did the ferry sink?")
PROMPT = Prompt.load("alr2/retrieve")
ENDLESS = 10**9


def ask(number: int, question: str) -> Request:
    """Return a call about a chunk of some 650 tokens."""
    chunk = " ".join(f"In the year {1000 + number}, ship {number}-{line} lay in the harbour." for line in range(50))
    values = {"passages": chunk, "question": question}
    return Request(messages=PROMPT.render(values), max_tokens=16, prefix=PROMPT.prefix(values))


def possible(chunks: int) -> int:
    """Return the prompt tokens that one server with an endless cache finds there."""
    cache, found = PrefixCache(ENDLESS), 0
    for question in QUESTIONS:
        for number in range(chunks):
            prompt = "".join(f"<{each['role']}>{each['content']}" for each in ask(number, question).messages)
            found += cache.cached(prompt)
            cache.keep(prompt)
    return found


async def ask_all(base_urls: list[str], given: argparse.Namespace, *, by_prefix: bool) -> float:
    """Ask all questions, one after the other; return the seconds."""
    model = OpenAIServer(
        name="sim", served="sim", base_urls=base_urls, profile=Profile(window=8192), concurrency=given.concurrency
    )
    started = time.perf_counter()
    for question in QUESTIONS:
        requests = [ask(number, question) for number in range(given.chunks)]
        await asyncio.gather(*(model.complete(each if by_prefix else replace(each, prefix="")) for each in requests))
    seconds = time.perf_counter() - started
    await model.aclose()
    return seconds


def measure(given: argparse.Namespace, *, slow: bool, by_prefix: bool) -> dict[str, Any]:
    """Return what became of all calls, with servers that know nothing at first."""
    common = ["--prefix-cache", str(ENDLESS), "--window", "8192"]
    with ExitStack() as stack:
        servers = []
        for index in range(given.servers):
            scale = 4 if slow and index == 0 else 1
            speed = ["--first-token", str(0.05 * scale), "--prefill", str(2000 / scale)]
            servers.append(stack.enter_context(ServerProcess(*common, *speed)))
        seconds = asyncio.run(ask_all([server.base_url for server in servers], given, by_prefix=by_prefix))
        counts = [server.counts() for server in servers]
    calls = [count.finished for count in counts]
    alike = calls[1:] if slow else calls
    mean = sum(alike) / len(alike)
    return {
        "servers": "one slow" if slow else "alike",
        "routing": "prefix" if by_prefix else "least load",
        "calls": sum(calls),
        "hits": sum(count.cached_tokens for count in counts) / possible(given.chunks),
        "even": max(abs(each - mean) for each in alike) / mean,
        "of_the_slow_one": calls[0] if slow else None,
        "seconds": seconds,
    }


async def cost(servers: int, *, prefixes: list[str], concurrency: int | None) -> float:
    """Return the microseconds of a call that does nothing."""

    async def nobody(_server: str) -> bool:
        return False

    urls = [f"http://127.0.0.1:{8000 + index}/v1" for index in range(servers)]
    addresses = Addresses(urls, answers=nobody, concurrency=concurrency)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for prefix in prefixes:
            async with addresses.slot("run", prefix=prefix):
                pass
        best = min(best, time.perf_counter() - started)
    return best / len(prefixes) * 1e6


def overhead(servers: int) -> dict[str, float]:
    """Return the microseconds of a call, by what it is."""
    known = [f"{number:016x}" for number in range(200)] * 10
    cases: dict[str, tuple[int, list[str]]] = {
        "one address": (1, known),
        "no prefix": (servers, [""] * 2000),
        "prefix known": (servers, known),
    }
    found = {name: asyncio.run(cost(count, prefixes=keys, concurrency=None)) for name, (count, keys) in cases.items()}
    values = {"passages": "In the year 1907 the harbour was rebuilt. " * 800, "question": "When?"}
    started = time.perf_counter()
    for _ in range(2000):
        PROMPT.prefix(values)
    found["naming the prefix of 33,000 characters"] = (time.perf_counter() - started) / 2000 * 1e6
    return found


def main() -> None:
    """Measure and print tables, or with `--json` a line for each row."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--servers", type=int, default=8)
    parser.add_argument("--chunks", type=int, default=400)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = [measure(given, slow=slow, by_prefix=by) for slow in (False, True) for by in (False, True)]
    took = overhead(given.servers)
    if given.json:
        print(*map(json.dumps, [*rows, took]), sep="\n")
        return
    print("| servers | routing | calls | prefix hits, of the possible | even within | seconds | of least load |")
    print("|---|---|---|---|---|---|---|")
    for at, row in enumerate(rows):
        base = rows[at - at % 2]["seconds"]
        print(
            f"| {row['servers']} | {row['routing']} | {row['calls']} | {row['hits']:.0%} | {row['even']:.0%} "
            f"| {row['seconds']:.1f} | {row['seconds'] / base:.2f} |"
        )
    print("\n| a call | µs |\n|---|---|")
    print(*(f"| {name} | {micros:.0f} |" for name, micros in took.items()), sep="\n")


if __name__ == "__main__":
    main()

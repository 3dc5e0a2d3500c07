"""How even the load of a pool is, and where prefixes are found: in virtual time, the same on every machine."""

import asyncio
from collections import Counter
from random import Random

import pytest
from support.virtual_time import run_virtually

from longagent.llm.addresses import Addresses

SERVERS = [f"http://10.0.0.{n}:8000/v1" for n in range(1, 9)]
SLOW, EQUALS = SERVERS[0], SERVERS[1:]
CHUNKS, QUESTIONS = 400, 3


class Load:
    """Three questions about all chunks, one after the other."""

    def __init__(self, concurrency: int, *, seed: int) -> None:
        self.random = Random(seed)
        self.addresses = Addresses(SERVERS, answers=self.answers, concurrency=concurrency)
        self.calls: Counter[str] = Counter()
        self.hits = 0
        self.computed: set[tuple[str, str]] = set()

    async def answers(self, _server: str) -> bool:
        return True

    async def call(self, prefix: str) -> None:
        async with self.addresses.slot(prefix=prefix) as server:
            hit = (server, prefix) in self.computed
            self.hits += hit
            self.computed.add((server, prefix))
            self.calls[server] += 1
            seconds = (0.4 if hit else 1.0) * self.random.uniform(1, 1.2)
            await asyncio.sleep(4 * seconds if server == SLOW else seconds)

    async def ask(self) -> None:
        chunks = [f"{self.random.getrandbits(64):016x}" for _ in range(CHUNKS)]
        for _ in range(QUESTIONS):
            await asyncio.gather(*map(self.call, chunks))


@pytest.mark.parametrize("concurrency", [64, 128])
@pytest.mark.parametrize("seed", range(4))
def test_the_load_is_even_among_equals_and_nearly_all_prefixes_are_found(concurrency: int, seed: int) -> None:
    load = Load(concurrency, seed=seed)
    run_virtually(load.ask())
    mean = sum(load.calls[server] for server in EQUALS) / len(EQUALS)
    # Calls of all questions, among the servers that are alike.
    assert all(abs(load.calls[server] - mean) <= 0.15 * mean for server in EQUALS)
    assert load.calls[SLOW] < 0.8 * mean
    # The first question finds nothing; with one server and an endless cache the others would find all.
    assert load.hits >= 0.95 * (QUESTIONS - 1) * CHUNKS

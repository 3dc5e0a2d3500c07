"""Workers of a real vLLM: started by our command, shared by calls, warm by prefix, and one of them lost midway.

Outside of the usual run, for it takes a vLLM, or its CPU build, a model, and minutes. What was measured is printed:

    LONGAGENT_TEST_VLLM_PYTHON=~/vllm/bin/python LONGAGENT_TEST_VLLM_MODEL=~/models/smollm2-135m \\
        pytest -m vllm -s tests/integration/test_vllm.py
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest
from support.command import COMMAND, EXAMPLE, environment, longagent

from longagent import Session
from longagent.events import CallFinished, Event
from longagent.llm.model import Model, Profile, Reply, Request
from longagent.llm.open import open_model
from longagent.llm.workers.record import Worker, read_workers

PYTHON = os.environ.get("LONGAGENT_TEST_VLLM_PYTHON")
MODEL = os.environ.get("LONGAGENT_TEST_VLLM_MODEL")
FLAGS = os.environ.get(
    "LONGAGENT_TEST_VLLM_FLAGS", "--dtype float32 --enforce-eager --max-num-seqs 8 --block-size 32"
).split()

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(
        not (PYTHON and MODEL), reason="LONGAGENT_TEST_VLLM_PYTHON and LONGAGENT_TEST_VLLM_MODEL name no vLLM and model"
    ),
]

SERVED = "tested"
ALR2 = {"window": 2048, "retrieved_tokens": 96, "answer_tokens": 64}
CHAIN = {"window": 2048, "unit_tokens": 96, "answer_tokens": 64}


class Pool(NamedTuple):
    """Two workers, and where it is kept that they run."""

    state: Path
    env: dict[str, str]

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Those of which there is a record."""
        return read_workers(self.state)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """Start two workers by our own command."""
    home = tmp_path_factory.mktemp("vllm")
    env = environment(home)
    device = [] if os.environ.get("LONGAGENT_TEST_VLLM_GPU") else ["--cpu", "--replicas", "2"]
    options = ["--python", str(PYTHON), "--served-name", SERVED, "--max-model-len", "4096", "--timeout", "1200"]
    command = [*COMMAND, "workers", "start", str(MODEL), *device, *options, "--", *FLAGS]
    try:
        subprocess.run(command, env=env, check=True, timeout=1500)
        yield Pool(home / "state", env)
    finally:
        stopped = longagent("workers", "stop", "--all", env=env)
        assert stopped.code == 0, stopped.err


class Recorder:
    """A model that remembers what it was asked."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.requests: list[Request] = []

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def profile(self) -> Profile:
        return self._model.profile

    async def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        return await self._model.complete(request)

    async def count_tokens(self, text: str) -> int:
        return await self._model.count_tokens(text)

    async def aclose(self) -> None:
        await self._model.aclose()


def recorded(pool: Pool) -> Recorder:
    """Open the model that the workers serve."""
    opening = open_model(f"vllm/{SERVED}", data_dir=Path("unused"), state_dir=pool.state, emit=print)
    return Recorder(asyncio.run(opening))


def asked(worker: Worker, path: str, body: Any = None) -> str:
    """Ask a worker something beside its `/v1`."""
    data = None if body is None else json.dumps(body).encode()
    request = HttpRequest(worker.url.removesuffix("/v1") + path, data, {"content-type": "application/json"})
    with urlopen(request, timeout=60) as response:
        text: str = response.read().decode()
    return text


def hits(pool: Pool) -> float:
    """Return how many prompt tokens all workers took from their caches, by their own count."""
    pages = [asked(worker, "/metrics") for worker in pool.workers]
    return sum(float(n) for page in pages for n in re.findall(r"^vllm:prefix_cache_hits_total\S* (\S+)", page, re.M))


def prompts(pool: Pool, requests: list[Request]) -> list[list[int]]:
    """Return the requests' prompts in tokens, as the worker makes them."""
    worker = pool.workers[0]
    bodies = [{"model": SERVED, "messages": request.messages} for request in requests]
    return [json.loads(asked(worker, "/tokenize", body))["tokens"] for body in bodies]


def tell(line: str) -> None:
    """Print a measurement."""
    sys.stdout.write(f"\n{line}\n")


def common(one: list[int], other: list[int]) -> int:
    """Return how many tokens two prompts begin with together."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def test_the_second_question_finds_its_chunks_computed(pool: Pool) -> None:
    model = recorded(pool)
    with Session(model=model, strategy="alr2", settings=ALR2, cache=False, state_dir=str(pool.state)) as session:
        first = session.ask(EXAMPLE, "Which datasets was LOGIC-LM evaluated on?")
        before, asked_first = hits(pool), list(model.requests)
        second = session.ask(EXAMPLE, "Which solvers does LOGIC-LM call?")
        saved, asked_second = hits(pool) - before, model.requests[len(asked_first) :]

    ways = prompts(pool, asked_first)
    shareable = sum(max(common(prompt, way) for way in ways) for prompt in prompts(pool, asked_second))
    assert len(asked_second) > 4
    tell(
        f"alr2: {first.usage.calls} + {second.usage.calls} calls. Of {shareable} prompt tokens that the second question"
    )
    tell(f"could share, {saved:.0f} came from the caches: {saved / shareable:.1%}. {second.usage}")
    assert saved >= 0.9 * shareable
    assert second.usage.cached_prompt_tokens is not None
    assert second.usage.cached_prompt_tokens >= 0.9 * shareable


def test_a_choice_is_kept_and_log_probabilities_come(pool: Pool) -> None:
    async def go() -> Reply:
        model = await open_model(f"vllm/{SERVED}", data_dir=Path("unused"), state_dir=pool.state, emit=print)
        messages = ({"role": "user", "content": "Write a poem about the sea."},)
        try:
            request = Request(messages=messages, max_tokens=8, choices=("yes", "no"), logprobs=2)
            return await model.complete(request)
        finally:
            await model.aclose()

    reply = asyncio.run(go())
    tell(f"choice: {reply}")
    assert reply.text in {"yes", "no"}
    assert reply.logprobs


def test_a_worker_that_is_killed_midway_ends_no_run(pool: Pool) -> None:
    victim = pool.workers[0]
    finished = 0

    def kill(event: Event) -> None:
        nonlocal finished
        finished += isinstance(event, CallFinished)
        if finished == 3 and victim.lives:
            os.killpg(victim.pid, signal.SIGKILL)

    options: dict[str, Any] = {"model": "auto", "cache": False, "state_dir": str(pool.state)}
    with Session(strategy="chain-of-agents", settings=CHAIN, **options) as session:
        answer = session.ask(EXAMPLE, "Which solvers does LOGIC-LM call?", on_event=kill)
    tell(f"chain-of-agents: {answer.usage.calls} calls, {answer.coverage}, {answer.warnings}")
    assert not victim.lives
    assert not answer.partial
    assert answer.coverage.read == answer.coverage.chunks

    with Session(strategy="alr2", settings=ALR2, **options) as session:
        again = session.ask(EXAMPLE, "What is self-refinement?")
    assert again.coverage.read == again.coverage.chunks
    status = longagent("workers", "status", "--json", env=pool.env)
    tell(status.out)
    assert status.code == 0

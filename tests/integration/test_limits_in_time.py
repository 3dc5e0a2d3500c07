"""Limits of a question over a long chain, through the session: an answer from what was read, in time and in budget."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import environment, longagent
from support.survey import NEEDLE, QUESTION, long_document

from longagent import Answer, Session
from longagent.errors import UsageError
from longagent.events import BudgetSpent, CallFinished, CallStarted, Event
from longagent.llm.model import Message
from longagent.testing import ServerProcess, SimulatedServer, chain_reader
from longagent.testing.server import Fault, Received

PAGES = 60
DOCUMENT = long_document(PAGES, needle_on=1)
CHUNKS = 38
"""What they are cut into, filled as far as a window of 1,024 tokens lets them be."""
PRICES = {"openai/sim": {"input_price": 2.0, "output_price": 10.0}}
"""US dollars per million tokens."""


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with SimulatedServer(chain_reader) as running:
        yield running


def open_chain(server: SimulatedServer, **options: Any) -> Session:
    return Session(
        model="openai/sim",
        base_url=server.base_url,
        strategy="chain-of-agents",
        settings={"window": 1024},
        cache=False,
        **options,
    )


def ask(server: SimulatedServer, events: list[Event] | None = None, **options: Any) -> Answer:
    """Ask for what stands on the first of 60 pages."""
    with open_chain(server, **options) as session:
        return session.ask(DOCUMENT, QUESTION, on_event=(events if events is not None else []).append)


def check_partial(answer: Answer, events: list[Event]) -> None:
    """Assert an answer from the first pages, written by a call of its own."""
    assert answer.partial
    assert answer.exit_code == 3
    assert answer.text == NEEDLE
    assert [citation.page for citation in answer.citations] == [1]
    assert 1 <= answer.coverage.read < answer.coverage.chunks == CHUNKS
    assert answer.coverage.failed == 0
    assert any("Not everything was read" in warning for warning in answer.warnings)
    finished = [event.role for event in events if isinstance(event, CallFinished)]
    assert finished[-1] == "chain_of_agents/manager"
    assert len(finished) == answer.usage.calls == answer.coverage.read + 1
    assert sum(isinstance(event, BudgetSpent) for event in events) == 1


def test_when_time_is_up_it_answers_from_what_was_read() -> None:
    events: list[Event] = []
    with SimulatedServer(chain_reader, delay=0.2) as server:
        started = time.monotonic()
        answer = ask(server, events, timeout=5)
        seconds = time.monotonic() - started
    check_partial(answer, events)
    assert "the time of 5 s is up" in " ".join(answer.warnings)
    assert seconds < 5 + 1
    assert seconds > 3, "time was left"


def test_a_call_that_hangs_when_time_is_up_is_ended_for_the_answer() -> None:
    def fault(received: Received) -> Fault | None:
        return "hang" if "Page heading 6\n" in received.body["messages"][-1]["content"] else None

    events: list[Event] = []
    with SimulatedServer(chain_reader, faults=fault) as server:
        started = time.monotonic()
        answer = ask(server, events, timeout=5)
        assert time.monotonic() - started < 5 + 1
        assert server.abandoned == 1
    check_partial(answer, events)
    assert 0 < answer.coverage.read < answer.coverage.chunks


def test_a_timeout_holds_for_the_answer_as_well() -> None:
    """A server that hangs altogether must not keep anybody beyond the time given."""
    with SimulatedServer(faults=lambda _: "hang") as server:
        started = time.monotonic()
        answer = ask(server, timeout=2)
        assert time.monotonic() - started < 2 + 1
    assert (answer.text, answer.found, answer.partial, answer.coverage.read) == (None, False, True, 0)


def test_a_limit_that_leaves_no_second_try_to_the_answer_says_that_none_was_written() -> None:
    def spoil(received: Received) -> Fault | None:
        return "not-json" if "[passage" not in received.body["messages"][-1]["content"] else None

    with SimulatedServer(chain_reader, faults=spoil) as server:
        answer = ask(server, max_calls=10)
        assert server.counts.calls == 10
    assert (answer.written, answer.text, answer.partial, answer.coverage.read) == (False, None, True, 9)
    assert any(warning.startswith("No answer could be written") for warning in answer.warnings)


def test_attempts_that_were_paid_for_nothing_still_count_after_an_interruption(tmp_path: Path) -> None:
    """Every first attempt at a call is spoilt."""
    came: Counter[str] = Counter()

    def spoil(received: Received) -> Fault | None:
        asked = str(received.body["messages"])
        came[asked] += 1
        return "truncated" if came[asked] == 1 else None

    async def interrupted(server: SimulatedServer) -> None:
        loop, eight = asyncio.get_running_loop(), asyncio.Event()

        def listen(event: Event) -> None:
            if isinstance(event, CallFinished) and event.call == 8:
                loop.call_soon_threadsafe(eight.set)

        with open_chain(server, max_calls=30, state_dir=tmp_path) as session:
            asking = asyncio.ensure_future(session.aask(DOCUMENT, QUESTION, on_event=listen))
            await eight.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    with SimulatedServer(chain_reader, faults=spoil, delay=0.02) as server:
        asyncio.run(interrupted(server))
        assert 16 <= server.counts.calls <= 20
        answer = ask(server, max_calls=30, state_dir=tmp_path)
        # The one that was in flight is known to nobody.
        assert server.counts.calls <= 31
    assert answer.partial


def test_calls_are_limited_and_the_last_one_answers(server: SimulatedServer) -> None:
    events: list[Event] = []
    check_partial(answer := ask(server, events, max_calls=10), events)
    assert server.counts.calls == answer.usage.calls == 10


def test_tokens_are_limited(server: SimulatedServer) -> None:
    events: list[Event] = []
    check_partial(answer := ask(server, events, max_total_tokens=8_000), events)
    used = (answer.usage.prompt_tokens or 0) + (answer.usage.completion_tokens or 0)
    assert used == server.counts.prefill_tokens + server.counts.decode_tokens
    assert 5_000 < used <= 8_000


def test_cost_is_limited(server: SimulatedServer) -> None:
    events: list[Event] = []
    check_partial(answer := ask(server, events, max_cost=0.02, models=PRICES), events)
    counts = server.counts
    assert answer.usage.cost == pytest.approx((counts.prefill_tokens * 2 + counts.decode_tokens * 10) / 1e6)
    assert 0.01 < answer.usage.cost <= 0.02


def test_a_limit_on_cost_needs_a_price(server: SimulatedServer) -> None:
    with pytest.raises(UsageError, match="needs prices, and that of openai/sim"):
        ask(server, max_cost=0.02)
    assert server.counts.calls == 0


def test_a_limit_that_holds_not_even_the_answer_is_told_before_any_call(server: SimulatedServer) -> None:
    for limit in ({"max_total_tokens": 100}, {"max_cost": 0.0001, "models": PRICES}):
        with pytest.raises(UsageError, match="No room is left to answer"):
            ask(server, **limit)
    assert server.counts.calls == 0


def test_raising_the_limit_goes_on_where_the_partial_answer_stopped(server: SimulatedServer) -> None:
    assert ask(server, max_calls=20).coverage.read == 19
    events: list[Event] = []
    answer = ask(server, events)
    assert not answer.partial
    assert answer.coverage.read == CHUNKS
    # Not even the manager is asked again: the needle came early, and the unit has not changed since.
    assert server.counts.calls == CHUNKS + 1
    assert sum(isinstance(event, CallStarted) for event in events) == answer.usage.calls == CHUNKS + 1 - 20
    assert answer.usage.cached_calls == 20


def test_the_command_ends_in_time_with_code_3(tmp_path: Path) -> None:
    source = tmp_path / "survey.txt"
    source.write_text(long_document(PAGES, needle_on=1).text)
    with SimulatedServer(chain_reader, delay=0.3) as server:
        ask = ("ask", str(source), QUESTION, "--base-url", server.base_url, "--json", "--timeout", "6")
        done = longagent(*ask, "-s", "chain-of-agents", "-S", "window=1024", env=environment(tmp_path))
    assert done.code == 3, done.err
    assert (done.json["partial"], done.json["answer"]) == (True, NEEDLE)
    assert done.json["seconds"] < 6 + 1


ASKS = """
import json, sys
from longagent import Session
from support.survey import long_document

base_url, *questions = sys.argv[1:]
with Session(base_url=base_url, strategy="chain-of-agents", settings={"window": 1024}) as session:
    answers = [session.ask(long_document(20, needle_on=11), question) for question in questions]
print(json.dumps([[a.text, [c.page for c in a.citations], a.usage.calls, a.usage.cached_calls] for a in answers]))
"""


def test_two_processes_that_ask_the_same_share_one_cache(tmp_path: Path) -> None:
    questions = [QUESTION, "When was the harbour of Skagen rebuilt?", "Who saw gull number 7 again near marker 7?"]
    alone, env = set[str](), environment(tmp_path, PYTHONPATH=str(Path(__file__).parents[1]))
    command = [sys.executable, "-c", ASKS]

    def count(messages: list[Message]) -> str:
        alone.add(json.dumps(messages))
        return chain_reader(messages)

    def outputs(base_url: str, processes: int, env: dict[str, str]) -> list[Any]:
        started = [
            subprocess.Popen([*command, base_url, *questions], env=env, stdout=subprocess.PIPE)
            for _ in range(processes)
        ]
        found = [process.communicate(timeout=120)[0] for process in started]
        assert [process.returncode for process in started] == [0] * processes
        return [json.loads(out) for out in found]

    with SimulatedServer(count) as server:
        (expected,) = outputs(server.base_url, 1, environment(tmp_path / "alone", PYTHONPATH=env["PYTHONPATH"]))
    with ServerProcess("--reader", "chain", "--first-token", "0.01") as other:
        found = outputs(other.base_url, 2, env)
        calls = other.counts().finished
        assert outputs(other.base_url, 1, env)[0][0][2:] == [0, 14]
        assert other.counts().finished == calls, "a third process made calls"
    said = [[answer[:2] for answer in each] for each in (expected, *found)]
    assert said[0] == said[1] == said[2]
    assert said[0][0] == [NEEDLE, [11]]
    assert len(alone) <= calls <= 2 * len(alone)
    assert calls == sum(answer[2] for each in found for answer in each)

"""`kill -9` in the middle of a chain of agents, and the same question again: what was finished is not asked twice."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "kill.py"


def killed(*, kills: int, chunks: int, direction: str, forget_checkpoints: bool = False) -> dict[str, Any]:
    """Kill a question so many times, at random moments, and let it finish at last."""
    command = [sys.executable, str(BENCHMARK), "--kills", str(kills), "--chunks", str(chunks), "--json"]
    command += ["--direction", direction, *(["--forget-checkpoints"] if forget_checkpoints else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check(found: dict[str, Any], *, kills: int, chains: int) -> None:
    """Assert that no kill cost more than the calls that were in flight, nor changed the answer."""
    assert found["kills"] == kills
    assert found["lost"] == 0
    assert found["foreign"] == 0
    # A reply that the server had sent, and its reader not yet written down, was in flight.
    assert found["repeated"] <= kills * chains
    assert found["answered"] == found["calls"] + found["repeated"]
    assert found["same_answer"]


def test_a_long_chain_goes_on_from_its_last_checkpoint() -> None:
    found = killed(kills=6, chunks=300, direction="forward")
    check(found, kills=6, chains=1)
    assert found["calls"] > 200
    # Checkpoints are stored once a second, and a call takes a fiftieth of one: most of the way is not walked again.
    assert found["resumed"] > 0
    assert found["replayed"] < found["resumed"]


def test_without_its_checkpoints_a_run_is_replayed_from_the_journal() -> None:
    found = killed(kills=4, chunks=60, direction="forward", forget_checkpoints=True)
    check(found, kills=4, chains=1)
    assert 0 < found["replayed"] == found["resumed"]


def test_several_chains_at_once() -> None:
    found = killed(kills=4, chunks=60, direction="both")
    check(found, kills=4, chains=2)
    assert found["calls"] > 80

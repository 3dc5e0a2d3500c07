"""`kill -9` while `graph-reader` indexes, and the same question again: only what was in flight is asked twice."""

import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from support.command import COMMAND, environment, longagent
from support.survey import NEEDLE, QUESTION

from longagent.llm.model import Message
from longagent.testing import SimulatedServer

IN_FLIGHT = 4
PAGES = 60


class Reader:
    """Tells a fact of each chunk, and counts by chunk; finds nothing in any other prompt."""

    def __init__(self) -> None:
        self.indexed: Counter[str] = Counter()

    def __call__(self, messages: list[Message]) -> str:
        content = messages[-1]["content"]
        if "key element" not in content:
            return "Not found."
        self.indexed[content] += 1
        return f"1. All was quiet on day {len(self.indexed)}. | quiet"


@pytest.mark.parametrize("no_cache", [True, False])
def test_indexing_goes_on_where_it_was_killed(tmp_path: Path, no_cache: bool) -> None:
    env = environment(tmp_path)
    source = tmp_path / "survey.md"
    filler = "the surveyor walked the northern dunes and noted wind, tide and the colour of the sand. "
    source.write_text("\n\n".join(f"# Heading {n}\n\n{f'On day {n} {filler}' * 7}" for n in range(PAGES)) + NEEDLE)
    reader = Reader()
    with SimulatedServer(reader, delay=0.05, window=4096) as server:
        command = ["ask", str(source), QUESTION, "-s", "graph-reader", "-S", "chunk_tokens=160", "-S", "agents=1"]
        command += ["--base-url", server.base_url, "--concurrency", str(IN_FLIGHT)]
        command += ["--no-cache"] if no_cache else []
        kills = 0
        for moment in (12, 30, 45):
            process = subprocess.Popen([*COMMAND, *command], env=env, stderr=subprocess.DEVNULL)
            while process.poll() is None and reader.indexed.total() < moment:
                time.sleep(0.002)
            kills += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert kills == 3
        done = longagent(*command, "-v", env=env)
        assert done.code in {0, 4}, done.err
        chunks = len(reader.indexed)
        assert chunks >= PAGES
        assert reader.indexed.total() <= chunks + kills * IN_FLIGHT
        # And from then on not at all, unless it is to be.
        before = reader.indexed.total()
        other = [*command[:2], "Which gull was seen?", *command[3:]]
        assert longagent(*other, env=env).code in {0, 4}
        assert reader.indexed.total() - before == (chunks if no_cache else 0)

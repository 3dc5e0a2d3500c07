"""What tests of every kind share."""

import asyncio
import os
from pathlib import Path

import pytest
from support.command import keep_secret

from longagent.agents.passages import Delimiters
from longagent.graphs import means
from longagent.llm.embedded import ensure_weights
from longagent.settings import Settings


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep replies and runs of every test apart: what one test was told must not answer another."""
    home = tmp_path.with_name(f"{tmp_path.name}-home")
    monkeypatch.setenv("LONGAGENT_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("LONGAGENT_STATE_DIR", str(home / "state"))
    keep_secret(home / "state")
    # Tags differ in tokens, too, so that with one more chunks fit than with another.
    monkeypatch.setattr(means, "_OF_THIS_PROCESS", Delimiters(b"tests"))


@pytest.fixture(scope="session")
def weights_dir() -> Path:
    """The data folder with the embedded model's weights: LONGAGENT_DATA_DIR or the user's own.

    Our own code fetches them if they are not there. If it cannot, the tests that need them fail: a suite that skipped
    the model would say nothing about it.
    """
    if os.environ.get("LONGAGENT_TEST_NO_LOCAL") == "1":
        pytest.skip("LONGAGENT_TEST_NO_LOCAL=1: tests without the embedded model were asked for")
    data_dir = Settings.resolve().data_dir
    asyncio.run(ensure_weights(data_dir, offline=False, emit=lambda event: None))
    return data_dir

"""The embedded model's weights, without pip: what is recognised, what is said when they cannot be had."""

import asyncio
import errno
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from longagent.errors import ModelUnavailableError
from longagent.events import Event
from longagent.llm.embedded import SMOLLM2, download, ensure_weights
from longagent.llm.embedded.lock import exclusive

MODEL = b"GGUF and some more"
TINY = replace(SMOLLM2, size=len(MODEL), sha256=hashlib.sha256(MODEL).hexdigest())


def refuse_offline(data_dir: Path) -> str:
    with pytest.raises(ModelUnavailableError) as caught:
        asyncio.run(ensure_weights(data_dir, offline=True, emit=pytest.fail, weights=TINY))
    return str(caught.value)


def test_weights_that_are_there_are_used_offline_and_in_silence(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / TINY.filename).write_bytes(MODEL)
    path = asyncio.run(ensure_weights(tmp_path, offline=True, emit=pytest.fail, weights=TINY))
    assert path == tmp_path / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"


def test_offline_says_what_is_missing_and_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        asyncio.run(ensure_weights(tmp_path / "data", offline=True, emit=pytest.fail))
    assert str(caught.value) == (
        "the embedded model's weights are not on this machine yet: run once without --offline to fetch 98 MB, or use"
        " a model server with -m openai/NAME --base-url URL."
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("damaged", [MODEL[:-1] + b"x", MODEL[:-1], MODEL + b"x", b""])
def test_damaged_weights_are_not_used(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / TINY.filename).write_bytes(damaged)
    assert f"the embedded model's weights in {tmp_path / 'models'} are damaged: " in refuse_offline(tmp_path)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    said = refuse_offline(tmp_path / "data")
    assert f"cannot be kept in {tmp_path / 'data' / 'models'}: Not a directory." in said
    assert "set LONGAGENT_DATA_DIR" in said


def test_a_full_disk_is_told_as_such() -> None:
    error = download._failure("ERROR: Could not install: [Errno 28] No space left on device: '/x'\n", 1)
    assert isinstance(error, OSError)
    assert error.errno == errno.ENOSPC


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("ERROR: 403 for https://me:token@host/simple\n", "403 for https://host/simple"),
        ("WARNING: odd\nERROR: first\nERROR: last.\n", "last"),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken\nERROR: No\n",
            "the package index cannot be reached",
        ),
        ("", "pip ended with code 3"),
        ("Traceback\nOSError: broken\x1b[31m\n", "OSError: broken\\x1b[31m"),
        ("ERROR: " + "x" * 500, "x" * 199 + "…"),
    ],
)
def test_the_cause_is_short_and_clean(said: str, cause: str) -> None:
    assert f"cannot be fetched: {cause}." in str(download._failure(said, 3))


def test_the_lock_lets_one_in_and_tells_the_other(tmp_path: Path) -> None:
    happened: list[str] = []

    async def enter(name: str) -> None:
        async with exclusive(tmp_path / "lock", waiting=lambda: happened.append(f"{name} waits")):
            happened.append(f"{name} in")
            await asyncio.sleep(0.05)
            happened.append(f"{name} out")

    async def both() -> None:
        await asyncio.gather(enter("one"), enter("two"))

    asyncio.run(both())
    assert happened == ["one in", "two waits", "one out", "two in", "two out"]


def test_waiting_for_the_lock_can_be_cancelled(tmp_path: Path) -> None:
    events: list[Event] = []

    async def main() -> None:
        async with exclusive(tmp_path / "lock", waiting=pytest.fail):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05), exclusive(tmp_path / "lock", waiting=lambda: None):
                    events.append(Event())
        async with exclusive(tmp_path / "lock", waiting=pytest.fail):
            pass

    asyncio.run(main())
    assert events == []

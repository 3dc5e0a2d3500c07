"""How a model file is used, by its size; what is refused before it is loaded."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.gguf import llama, write_gguf

from longagent.errors import LongagentError, ModelUnavailableError, UsageError
from longagent.events import Event, ModelStarting, Warned
from longagent.llm.embedded import embedded as module
from longagent.llm.embedded import start_embedded
from longagent.llm.embedded.header import read_header
from longagent.llm.embedded.profile import profile_of


@pytest.mark.parametrize(
    ("parameters", "parts", "expected"),
    [
        (135_000_000, 1, (False, 270, 40)),
        (299_000_000, 1, (False, 270, 40)),
        (494_000_000, 1, (False, 1200, None)),
        (1_000_000_000, 1, (True, None, None)),
        (8_000_000_000, 1, (True, None, None)),
        (135_000_000, 4, (True, None, None)),
    ],
)
def test_how_it_is_read_with(tmp_path: Path, parameters: int, parts: int, expected: tuple[Any, ...]) -> None:
    file = write_gguf(tmp_path / "m.gguf", llama() | {"split.count": parts}, tensors=[(parameters,)])
    profile = profile_of("local/m.gguf", read_header(file), window=4096, identity="x")
    assert (profile.abstains, profile.reading_tokens, profile.reply_tokens) == expected
    assert (profile.window, profile.price, profile.identity) == (4096, (0.0, 0.0), "x")
    assert bool(profile.caveat) is not profile.abstains


def test_a_small_model_says_so_and_what_is_better(tmp_path: Path) -> None:
    header = read_header(write_gguf(tmp_path / "m.gguf", tensors=[(494_000_000,)]))
    better = "Better: -m PROVIDER/NAME, --base-url URL, or a larger file (longagent models pull)."
    assert profile_of("local/m.gguf", header, window=4096, identity="").caveat == (
        f"local/m.gguf is a small model (494 million parameters): check what it says. {better}"
    )
    tiny = read_header(write_gguf(tmp_path / "t.gguf", tensors=[(135_000_000,)]))
    assert profile_of("local", tiny, window=4096, identity="").caveat == (
        f"local is a very small model, often wrong. {better}"
    )


class _NotStartedError(Exception):
    pass


def starting(
    monkeypatch: pytest.MonkeyPatch, file: Path, *, window: int | None = None, memory: int | None = None
) -> tuple[int, list[Event]]:
    """Return the window that a model file would be loaded with, and what was told; nothing is loaded."""
    asked: list[int] = []

    async def refuse(gguf: Path, *, window: int, threads: int | None) -> None:
        asked.append(window)
        raise _NotStartedError

    monkeypatch.setattr(module, "start_child", refuse)
    monkeypatch.setattr(module, "free_memory", lambda: memory)
    events: list[Event] = []
    with pytest.raises(_NotStartedError):
        asyncio.run(start_embedded(data_dir=file, offline=True, window=window, emit=events.append, gguf=file))
    return asked[0], events


@pytest.mark.parametrize(
    ("said", "window", "memory", "expected", "told"),
    [
        ({}, None, None, 8192, ""),
        ({}, 100_000, None, 100_000, ""),
        ({"context_length": 2048}, None, None, 2048, ""),
        ({"context_length": 4096}, 8000, None, 4096, "was trained for 4096 tokens; the window of 8000 is cut to that."),
        ({"context_length": 0}, 9000, None, 8192, "does not say what it was trained for; the window of 9000 is cut to"),
        ({}, 131_072, 2_000_000_000, 11_776, "a window of 131072 tokens would take 17.2 GB beside the model's 0.4 GB"),
        ({}, None, 1_000_000_000, 4096, "a window of 8192 tokens would take 1.1 GB"),
    ],
)
def test_the_window_is_what_file_memory_and_user_allow(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, int],
    window: int | None,
    memory: int | None,
    expected: int,
    told: str,
) -> None:
    file = write_gguf(tmp_path / "m.gguf", llama(**said))
    got, events = starting(monkeypatch, file, window=window, memory=memory)
    assert got == expected
    assert events[0] == ModelStarting(model="local/m.gguf")
    assert len(events) == (2 if told else 1)
    for warned in events[1:]:
        assert isinstance(warned, Warned)
        assert told in warned.message


def refuse(file: Path) -> LongagentError:
    with pytest.raises(LongagentError) as caught:
        asyncio.run(start_embedded(data_dir=file, offline=True, window=None, emit=[].append, gguf=file))
    return caught.value


def test_a_base_model_is_refused(tmp_path: Path) -> None:
    said = {key: value for key, value in llama().items() if key != "tokenizer.chat_template"}
    error = refuse(write_gguf(tmp_path / "base.gguf", said))
    assert isinstance(error, UsageError)
    assert "base.gguf has no chat template: it is a base model" in str(error)


def test_a_file_that_is_larger_than_memory_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_gguf(tmp_path / "m.gguf")
    with file.open("r+b") as opened:
        opened.truncate(70_000_000_000)  # of nothing, so it takes no room
    monkeypatch.setattr(module, "free_memory", lambda: 24_000_000_000)
    error = refuse(file)
    assert isinstance(error, ModelUnavailableError)
    assert str(error).startswith("local/m.gguf needs 70.7 GB of memory; 24.0 GB is free. Free some, or take a smaller")

"""What a model file says before it is loaded; files come from anywhere."""

import struct
from pathlib import Path

import pytest
from support.gguf import llama, write_gguf

from longagent.errors import UsageError
from longagent.llm.embedded.gguf import whole_size
from longagent.llm.embedded.header import Header, read_header


def test_what_a_file_says(tmp_path: Path) -> None:
    said = llama() | {"tokenizer.ggml.tokens": ["a", "bc", ""] * 2000, "tokenizer.ggml.scores": [1] * 6000}
    header = read_header(write_gguf(tmp_path / "m.gguf", said, tensors=[(4096, 1000), (7,), ()]))
    assert header == Header(
        architecture="llama",
        parameters=4_096_008,
        trained_window=131_072,
        bytes_per_token=2 * 32 * 8 * (128 + 128),
        vocabulary=6000,
        chat_template=True,
        licence="apache-2.0",
        parts=1,
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # Layers that look at all, and layers that keep nothing.
        ({"attention.head_count_kv": [8, 0] * 16}, 2 * 16 * 8 * 256),
        ({"attention.key_length": 64, "attention.value_length": 32}, 2 * 32 * 8 * 96),
        ({"attention.head_count_kv": 0}, 2 * 32 * 32 * 256),
        ({"block_count": 0}, None),
        ({"block_count": 2**32 - 1, "attention.head_count_kv": "many" * 1000}, None),
        ({"attention.head_count": 0, "attention.head_count_kv": 0}, None),
        ({"embedding_length": "wide"}, None),
    ],
)
def test_memory_for_a_token(tmp_path: Path, said: dict[str, object], expected: int | None) -> None:
    assert read_header(write_gguf(tmp_path / "m.gguf", llama(**said))).bytes_per_token == expected


def test_a_file_that_says_nothing(tmp_path: Path) -> None:
    header = read_header(write_gguf(tmp_path / "m.gguf", {}, tensors=[]))
    assert (header.architecture, header.trained_window, header.bytes_per_token, header.chat_template) == (
        "",
        None,
        None,
        False,
    )


def test_a_damaged_file_is_told_in_words(tmp_path: Path) -> None:
    whole = write_gguf(tmp_path / "m.gguf", llama() | {"tokenizer.ggml.tokens": ["abc"] * 50}).read_bytes()
    for length in (4, 8, 23, 30, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.gguf").write_bytes(whole[:length])
        with pytest.raises(UsageError, match="is damaged: it ends or breaks off within its header. Fetch or copy it"):
            read_header(tmp_path / "cut.gguf")
    with pytest.raises(UsageError, match="GGUF file of version 50331648"):
        read_header(write_gguf(tmp_path / "big_endian.gguf", version=0x03000000))


@pytest.mark.parametrize(
    "claims",
    [
        struct.pack("<QQ", 2**63, 0),
        struct.pack("<QQ", 0, 2**63),
        struct.pack("<QQQ", 0, 1, 2**63),  # the length of a key
        struct.pack("<QQQ1sIIQ", 0, 1, 1, b"k", 9, 8, 2**62),  # an array of texts
        struct.pack("<QQQ1sIIQ", 0, 1, 1, b"k", 9, 10, 2**62),  # and of numbers
        struct.pack("<QQQ1sIIQ", 0, 1, 1, b"k", 9, 9, 1),  # an array of arrays, which nothing writes
        struct.pack("<QQQ1sI", 0, 1, 1, b"k", 77),
        struct.pack("<QQQ1sI", 1, 0, 1, b"t", 2**31),
    ],
)
def test_no_claim_makes_it_read_or_keep_much(tmp_path: Path, claims: bytes) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + struct.pack("<I", 3) + claims + bytes(1000))
    with pytest.raises(UsageError, match="is damaged"):
        read_header(tmp_path / "m.gguf")


def test_a_model_in_parts_is_as_large_as_all_of_them(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        first = write_gguf(tmp_path / f"m-0000{4 - number}-of-00003.gguf", llama() | {"split.count": 3})
    (tmp_path / "m-00001-of-00002.gguf").write_bytes(b"GGUF of another")
    header = read_header(first)
    assert header.parts == 3
    assert whole_size(first, header) == 3 * first.stat().st_size

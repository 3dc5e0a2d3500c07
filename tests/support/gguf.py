"""Writes GGUF files whose header says what a test wants; their tensors have shapes and no weights."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CHAT = {"tokenizer.chat_template": "{{ messages }}"}


def llama(**said: Any) -> dict[str, Any]:
    """Return what a model of 8 billion parameters says: 32 layers, 8 heads of 128 numbers, 131,072 tokens."""
    head = {"block_count": 32, "context_length": 131_072, "embedding_length": 4096}
    attention = {"attention.head_count": 32, "attention.head_count_kv": 8}
    of_model = {f"llama.{key}": value for key, value in {**head, **attention, **said}.items()}
    return {"general.architecture": "llama", "general.license": "apache-2.0", **of_model, **CHAT}


def write_gguf(
    path: Path,
    said: Mapping[str, Any] | None = None,
    *,
    tensors: Sequence[Sequence[int]] = ((4096, 2_000_000),),
    version: int = 3,
    rest: bytes = b"",
) -> Path:
    """Write a file with a header; `rest` stands where the weights would be."""
    pairs = llama() if said is None else said
    out = [b"GGUF", struct.pack("<IQQ", version, len(tensors), len(pairs))]
    for key, value in pairs.items():
        out += [_text(key), *_value(value)]
    for number, shape in enumerate(tensors):
        out += [_text(f"t{number}"), struct.pack(f"<I{len(shape)}Q", len(shape), *shape), struct.pack("<IQ", 0, 0)]
    path.write_bytes(b"".join(out) + rest)
    return path


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> list[bytes]:
    if isinstance(value, str):
        return [struct.pack("<I", 8), _text(value)]
    if isinstance(value, list):
        strings = bool(value) and isinstance(value[0], str)
        items = [_text(item) if strings else struct.pack("<i", item) for item in value]
        return [struct.pack("<IIQ", 9, 8 if strings else 5, len(value)), *items]
    return [struct.pack("<II", 4, value)]

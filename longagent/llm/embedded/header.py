"""What a GGUF file says about its model before any of it is loaded: size, context, memory per token, template.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Files come from anywhere, so nothing in them is
trusted: no length makes us read or keep more than the header may have.
"""

import struct
from dataclasses import dataclass
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import Struct, calcsize, unpack_from
from typing import Any

from longagent.errors import UsageError

_MAGIC = int.from_bytes(b"GGUF", "little")
_VERSIONS = frozenset({2, 3})
_LONGEST_HEADER = 2**26
"""Bytes; the largest vocabularies take some 20 MB."""
_LONGEST_TEXT = 2**20
_MOST_LAYERS = 4096
_STRING, _ARRAY = 8, 9
_MOST_DIMENSIONS = 8
_length = Struct("<Q").unpack_from
# The code that `struct` has for each type of value, by its number in the format.
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a model file says about itself; `None` where it does not say."""

    architecture: str
    parameters: int
    """Counted from the shapes of its tensors."""
    trained_window: int | None
    """Tokens of context the model was trained for."""
    bytes_per_token: int | None
    """Memory for one token of context in 16 bits, keys and values of all layers. For architectures in which some layers
    look back only a little way, it is more than they take."""
    vocabulary: int
    """Tokens; 0 when unknown."""
    chat_template: bool
    """Whether it knows how to write down a conversation; base models do not."""
    licence: str | None
    parts: int
    """Files that make up the model; 1 for one that is whole."""


def read_header(path: Path) -> Header:
    """Return what a GGUF file says about its model. Reads only its beginning; blocks for up to 0.3 s.

    Raises:
        UsageError: it is damaged, or of a version that is not known.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        try:
            # Mapped: only the pages that are looked at are read.
            with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
                return _header(_Reader(data, limit=min(_LONGEST_HEADER, len(data))))
        except (EOFError, struct.error, KeyError, TypeError, ValueError, OverflowError):
            raise UsageError(
                f"{path} is damaged: it ends or breaks off within its header.", hint="Fetch or copy it again."
            ) from None
        except _UnknownVersion as error:
            raise UsageError(f"{path} is a GGUF file of version {error}, which is not known here.") from None


class _UnknownVersion(Exception):  # noqa: N818 - never leaves this file
    pass


class _Reader:
    """Reads values one after the other, and never beyond a limit."""

    def __init__(self, data: mmap, *, limit: int) -> None:
        self._data = data
        self._limit = limit
        self._at = 0

    def skip(self, count: int) -> int:
        """Go on, and return the place where we were."""
        at = self._at
        if count > self._limit - at:
            raise EOFError
        self._at = at + count
        return at

    def numbers(self, count: int, code: str) -> tuple[Any, ...]:
        form = f"<{count}{code}"
        return unpack_from(form, self._data, self.skip(calcsize(form)))

    def number(self, code: str) -> Any:
        return self.numbers(1, code)[0]

    def text(self) -> str:
        length = self.number("Q")
        if length > _LONGEST_TEXT:
            raise ValueError(length)
        at = self.skip(length)
        return self._data[at : at + length].decode("utf-8", "replace")

    def skip_texts(self, count: int) -> None:
        # There may be half a million: no calls in here but the one that must be.
        data, at, limit = self._data, self._at, self._limit - 8
        for _ in range(count):
            if at > limit:
                raise EOFError
            at += 8 + _length(data, at)[0]
        self._at = at


@dataclass(frozen=True, slots=True)
class _Long:
    """An array too long to be kept: its length is all that is wanted."""

    count: int


def _header(reader: _Reader) -> Header:
    if reader.number("I") != _MAGIC:
        raise ValueError
    version = reader.number("I")
    if version not in _VERSIONS:
        raise _UnknownVersion(version)
    tensors, pairs = reader.number("Q"), reader.number("Q")
    said = {reader.text(): _value(reader, reader.number("I")) for _ in range(pairs)}
    parameters = sum(_tensor(reader) for _ in range(tensors))
    architecture = said.get("general.architecture", "")
    words = said.get("tokenizer.ggml.tokens")
    licence = said.get("general.license")
    return Header(
        architecture=str(architecture),
        parameters=parameters,
        trained_window=_positive(said.get(f"{architecture}.context_length")),
        bytes_per_token=_bytes_per_token(said, architecture),
        vocabulary=words.count if isinstance(words, _Long) else len(words or ()),
        chat_template=bool(said.get("tokenizer.chat_template")),
        licence=licence if isinstance(licence, str) and licence else None,
        parts=_positive(said.get("split.count")) or 1,
    )


def _value(reader: _Reader, kind: int) -> Any:
    if kind == _STRING:
        return reader.text()
    if kind != _ARRAY:
        return reader.number(_NUMBERS[kind])
    kind, count = reader.number("I"), reader.number("Q")
    if kind == _STRING:
        reader.skip_texts(count)
        return _Long(count)
    code = _NUMBERS[kind]
    if count > _MOST_LAYERS:
        reader.skip(count * calcsize(f"<{code}"))
        return _Long(count)
    return reader.numbers(count, code)


def _tensor(reader: _Reader) -> int:
    """Read what is said of a tensor, and return how many numbers it holds."""
    reader.skip_texts(1)
    dimensions = reader.number("I")
    if dimensions > _MOST_DIMENSIONS:
        raise ValueError(dimensions)
    shape = reader.numbers(dimensions, "Q")
    reader.skip(12)  # its type and place
    return prod(shape)


def _bytes_per_token(said: dict[str, Any], architecture: str) -> int | None:
    def of(key: str) -> Any:
        return said.get(f"{architecture}.{key}")

    layers, heads = _positive(of("block_count")), of("attention.head_count")
    per_layer = of("attention.head_count_kv") or heads
    if isinstance(per_layer, int) and layers is not None:
        all_heads = per_layer * layers
    elif isinstance(per_layer, tuple):  # layer by layer
        all_heads = sum(per_layer)
    else:
        return None
    most = max(heads) if isinstance(heads, tuple) else heads
    # Where the sizes of heads are not given, all of them together are as wide as the embedding.
    width = (_positive(of("embedding_length")) or 0) // (_positive(most) or 1)
    keys = _positive(of("attention.key_length")) or width
    values = _positive(of("attention.value_length")) or width
    return _positive(2 * all_heads * (keys + values)) if keys and values else None


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None

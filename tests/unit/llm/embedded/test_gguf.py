from pathlib import Path

import pytest

from longagent.llm.embedded.gguf import fingerprint


@pytest.mark.parametrize("place", [0, 2_500_000, 4_999_999])
def test_another_training_has_another_fingerprint(tmp_path: Path, place: int) -> None:
    data = bytearray(5_000_000)
    one, other = tmp_path / "one.gguf", tmp_path / "other.gguf"
    one.write_bytes(data)
    data[place] = 1
    other.write_bytes(data)
    assert fingerprint(one) != fingerprint(other)


def test_the_name_and_the_date_do_not_matter(tmp_path: Path) -> None:
    one, other = tmp_path / "one.gguf", tmp_path / "other.gguf"
    one.write_bytes(b"GGUF small")
    other.write_bytes(b"GGUF small")
    assert fingerprint(one) == fingerprint(other)
    other.write_bytes(b"GGUF small, but longer")
    assert fingerprint(one) != fingerprint(other)

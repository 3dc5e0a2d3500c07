from pathlib import Path

from longagent.llm.workers.identity import identity_of


def test_a_name_without_flags_is_itself() -> None:
    assert identity_of("Qwen/Qwen3-8B", ()) == "Qwen/Qwen3-8B"


def test_flags_and_weights_make_a_difference(tmp_path: Path) -> None:
    names = {identity_of("Qwen/Qwen3-8B", flags) for flags in ((), ("--quantization", "fp8"), ("--revision", "v2"))}
    assert len(names) == 3

    folder = str(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    first = identity_of(folder, ())
    assert identity_of(folder, ()) == first
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    assert identity_of(folder, ()) != first

from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.llm.workers.gpus import check_shared, deal, find_gpus, free_of, parse_gpus

LISTED = """GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaa0000-1c2d-3e4f)
  MIG 1g.10gb     Device  0: (UUID: MIG-f5e4d3c2-1c2d-3e4f)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-bbbb0000-1c2d-3e4f)
"""


def nvidia_smi(folder: Path, said: str, code: int = 0) -> None:
    (folder / "said").write_text(said)
    program = folder / "nvidia-smi"
    program.write_text(f'#!/bin/sh\nwhile read -r line; do echo "$line"; done < {folder / "said"}\nexit {code}\n')
    program.chmod(0o755)


def test_all_that_are_listed(tmp_path: Path) -> None:
    nvidia_smi(tmp_path, LISTED)
    assert find_gpus(None, environ={"PATH": str(tmp_path)}) == (0, 1)
    assert find_gpus((1,), environ={"PATH": str(tmp_path)}) == (1,)
    with pytest.raises(UsageError, match="There is no GPU 2; nvidia-smi lists 0, 1"):
        find_gpus((2,), environ={"PATH": str(tmp_path)})


def test_only_those_that_are_visible(tmp_path: Path) -> None:
    nvidia_smi(tmp_path, LISTED)
    assert find_gpus(None, environ={"CUDA_VISIBLE_DEVICES": "5, 4"}) == (5, 4)
    assert find_gpus(None, environ={"CUDA_VISIBLE_DEVICES": "GPU-bbbb", "PATH": str(tmp_path)}) == (1,)
    with pytest.raises(UsageError, match="GPU 1 is not among CUDA_VISIBLE_DEVICES=5"):
        find_gpus((1,), environ={"CUDA_VISIBLE_DEVICES": "5"})
    with pytest.raises(UsageError, match="cannot be dealt"):
        find_gpus(None, environ={"CUDA_VISIBLE_DEVICES": "MIG-f5e4", "PATH": str(tmp_path)})
    for hidden in ("", "-1"):
        with pytest.raises(UsageError, match=r"CUDA_VISIBLE_DEVICES hides all\. --cpu"):
            find_gpus(None, environ={"CUDA_VISIBLE_DEVICES": hidden})


def test_where_nothing_lists_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nvidia-smi cannot be run\. --cpu"):
        find_gpus(None, environ={"PATH": str(tmp_path)})
    assert find_gpus((0, 1), environ={"PATH": str(tmp_path)}) == (0, 1)


def test_a_driver_that_fails_is_quoted(tmp_path: Path) -> None:
    nvidia_smi(tmp_path, "Failed to initialize NVML: Driver/library version mismatch\n", code=18)
    with pytest.raises(UsageError, match=r"cannot be listed: Failed to initialize NVML: .* mismatch\. Is NVIDIA's"):
        find_gpus(None, environ={"PATH": str(tmp_path)})


def test_dealing() -> None:
    assert deal((0, 1, 2), each=1, replicas=None) == ((0,), (1,), (2,))
    assert deal((0, 1, 2, 3), each=2, replicas=None) == ((0, 1), (2, 3))
    assert deal((0, 1, 2), each=2, replicas=None) == ((0, 1),)
    assert deal((3, 1), each=1, replicas=1) == ((3,),)
    with pytest.raises(UsageError, match="4 GPUs are needed, and 3 GPUs are free"):
        deal((0, 1, 2), each=2, replicas=2)
    with pytest.raises(UsageError, match="2 GPUs are needed, and 1 GPU is free"):
        deal((0,), each=2, replicas=None)


def test_those_with_a_worker_are_left_alone() -> None:
    assert free_of((0, 1, 2), {1: "a-1"}) == (0, 2)
    with pytest.raises(UsageError, match=r"Every GPU has a worker already \(a-1, b-1\)"):
        free_of((0, 1, 2), {0: "a-1", 1: "a-1", 2: "b-1"})


def test_those_with_a_worker_are_shared_only_by_parts() -> None:
    check_shared((0, 2), {1: "a-1"})
    with pytest.raises(UsageError, match=r"GPU 1 has a worker already \(a-1\)\. Stop it; or .* --memory-fraction"):
        check_shared((0, 1), {1: "a-1"})


def test_numbers_are_read() -> None:
    assert parse_gpus("0, 3") == (0, 3)
    for text in ("", "0,", "a", "0,0", "-1"):
        with pytest.raises(UsageError):
            parse_gpus(text)

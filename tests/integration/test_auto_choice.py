"""What `auto` chooses for the questions of a public set, against what their gold labels ask for."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data/dev"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("auto_choice", ROOT / "benchmarks" / "auto_choice.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not (DATA / "lara.jsonl").exists(), reason="the sets of questions lie outside the repository")
def test_no_fewer_choices_are_right_than_were_measured(benchmark: ModuleType) -> None:
    rows = benchmark.choices(DATA)
    right = {seen: [row.right for row in rows if row.seen == seen] for seen in (True, False)}
    assert (len(right[True]), len(right[False])) == (31, 30)
    assert sum(right[True]) >= 29
    assert sum(right[False]) >= 26
    assert all(row.strategy == "rag" for row in rows if row.kind == "look-up")

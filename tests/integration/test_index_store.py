"""The index store between real processes, one of which is killed."""

import asyncio
import subprocess
import sys
from pathlib import Path
from threading import Timer

from longagent.store.index_store import IndexStore

WRITES = """
import asyncio, sys
from pathlib import Path
from longagent.store.index_store import IndexStore

async def main(folder, first):
    store = IndexStore(folder)
    print("begun", flush=True)
    # Every other key is the twin's too, with the same entry, as of two runs on one document.
    for number in range(1_000_000):
        name = str(number) if number % 2 else f"{first} {number}"
        await store.put(name.encode(), {"facts": [[f"Fact {number}.", ["x" * 200]]], "cut": 0})
        if number % 50 == 0:
            await store.info()  # waits until all is written
            print(number, flush=True)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


def test_two_processes_write_the_same_and_other_keys_while_both_are_killed(tmp_path: Path) -> None:
    commands = [[sys.executable, "-c", WRITES, str(tmp_path), twin] for twin in ("first", "second")]
    twins = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    for twin, seconds in zip(twins, (2.0, 4.0), strict=True):
        assert twin.stdout
        twin.stdout.readline()
        Timer(seconds, twin.kill).start()
    outputs = [twin.communicate(timeout=60) for twin in twins]
    assert [errors for _, errors in outputs] == ["", ""]
    last = [max(int(line) for line in out.splitlines(keepends=True) if line.endswith("\n")) for out, _ in outputs]
    assert min(last) > 0

    async def check() -> None:
        store = IndexStore(tmp_path)
        try:
            for twin, most in zip(("first", "second"), last, strict=True):
                names = {str(n) if n % 2 else f"{twin} {n}": n for n in range(most + 1)}
                found = await store.get_many([name.encode() for name in names])
                assert len(found) == len(names)
                for name, number in names.items():
                    assert found[name.encode()]["facts"][0][0] == f"Fact {number}."
        finally:
            await store.aclose()

    asyncio.run(check())
    assert not list(tmp_path.glob("*.aside*"))

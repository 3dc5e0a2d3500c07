"""The index store between real processes, one of which is killed."""

import asyncio
import subprocess
import sys
from pathlib import Path
from random import Random
from threading import Timer

from longagent.documents import Document
from longagent.documents.chunking import pieces
from longagent.documents.kept import cut_from, cut_key, document_key, parsed_from
from longagent.documents.parsed import USUAL, Parsed, Part
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


KEEPS = """
import asyncio, sys
from itertools import count
from pathlib import Path
from longagent.documents import Document
from longagent.documents.kept import document_key, parsed_record
from longagent.documents.parsed import USUAL, Parsed, Part
from longagent.graphs.pieces import cut_all
from longagent.store.index_store import IndexStore

async def main(folder, first):
    store = IndexStore(folder)
    for number in count(first):
        text = f"Document {number} says this. " * 1000
        key = document_key(str(number), "text", USUAL)
        await store.shelf("documents").put(key, parsed_record(Parsed((Part(text),))))
        await cut_all([Document.from_text(text)], tokens=300, fill=0.5, kept=store.shelf("cuts"))
        await store.info()  # waits until all is written
        print(number, flush=True)

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


def test_texts_and_cuts_survive_a_writer_that_is_killed_again_and_again(tmp_path: Path) -> None:
    random, written = Random(6), list[int]()
    for first in range(0, 500, 100):
        writer = subprocess.Popen(
            [sys.executable, "-c", KEEPS, str(tmp_path), str(first)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        writer.stdout.readline()
        Timer(random.uniform(0, 0.3), writer.kill).start()
        rest = writer.communicate(timeout=60)[0]
        written += range(first, first + 1 + rest.count("\n"))

    async def check() -> None:
        store = IndexStore(tmp_path)
        try:
            for number in written:
                text = f"Document {number} says this. " * 1000
                record = await store.shelf("documents").get(document_key(str(number), "text", USUAL))
                assert record is not None
                assert parsed_from(record) == Parsed((Part(text),))
                document = Document.from_text(text)
                cut = await store.shelf("cuts").get(cut_key(document, tokens=300, fill=0.5))
                assert cut is not None
                assert cut_from(cut, document) == [*pieces(document, tokens=300, fill=0.5)]
            kinds = await store.by_kind()
            assert kinds["documents"].entries - len(written) in range(6)
        finally:
            await store.aclose()

    asyncio.run(check())
    assert not list(tmp_path.glob("*.aside*"))

import asyncio
import logging
import operator
import pickle
import sqlite3
import sys
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from support.chains import chains

from longagent.errors import MissingExtraError, UsageError
from longagent.graphs.checkpoints import checkpointer, forget, resume_or_start
from longagent.graphs.checkpoints.plain import PlainSerializer

REPLY = "q 0:0,1,2,3,4,5,6 1:0,1,2,3,4,5,6"
NODES = 18
"""Of two chains of six: prepare, plan, 2 x (6 + report), merge, finish."""


class Stopped(Exception):  # noqa: N818 - no error
    """What stands for a run that ends before its time."""


def run(path: Path, ran: list[str], *, stop_at: int = -1, interval: float = 0, **form: Any) -> str:
    """Run the chains until a node is about to run as number `stop_at`."""
    before = len(ran)

    def visit(name: str) -> None:
        if len(ran) - before == stop_at:
            raise Stopped
        ran.append(name)

    async def go() -> str:
        async with checkpointer(path, interval=interval) as saver:
            graph = chains(visit, checkpointer=saver, **form)
            state = await resume_or_start(graph, {"question": " q "}, context=None, run_id="r", about="", steps=100)
            return str(state["reply"])

    return asyncio.run(go())


def rows(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("stop_at", range(NODES))
def test_a_run_goes_on_where_it_stopped(tmp_path: Path, stop_at: int) -> None:
    ran: list[str] = []
    with pytest.raises(Stopped):
        run(tmp_path / "r.db", ran, stop_at=stop_at)
    assert run(tmp_path / "r.db", ran) == REPLY
    assert len(ran) == NODES
    assert max(Counter(ran).values()) == 1


@pytest.mark.parametrize("stop_at", [0, 1, 2, 7, 13, 17])
def test_a_run_that_is_stopped_again_and_again_ends_well(tmp_path: Path, stop_at: int) -> None:
    ran: list[str] = []
    for more in range(3):
        with pytest.raises(Stopped):
            run(tmp_path / "r.db", ran, stop_at=min(stop_at, 4) + more % 2 if stop_at else 0, interval=1)
    assert run(tmp_path / "r.db", ran, interval=1) == REPLY


def test_what_is_left_of_a_run_is_one_checkpoint(tmp_path: Path) -> None:
    assert run(tmp_path / "r.db", []) == REPLY
    assert rows(tmp_path / "r.db", "SELECT checkpoint_ns FROM checkpoints") == [("",)]
    assert rows(tmp_path / "r.db", "SELECT * FROM writes") == []


def test_a_stopped_run_leaves_one_checkpoint_a_namespace(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(tmp_path / "r.db", [], stop_at=9)
    names = [name for (name,) in rows(tmp_path / "r.db", "SELECT checkpoint_ns FROM checkpoints")]
    namespaces = [name.count("|") + bool(name) for name in names]
    assert sorted(namespaces) == [0, 1, 2, 2]
    orphans = "SELECT * FROM writes WHERE checkpoint_id NOT IN (SELECT checkpoint_id FROM checkpoints)"
    assert rows(tmp_path / "r.db", orphans) == []


def test_subgraphs_checkpoints_wait_for_the_interval_and_the_main_graphs_do_not(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def visit(name: str) -> None:
        if name in {"plan", "merge", "finish"}:
            seen.append([ns for (ns,) in rows(tmp_path / "r.db", "SELECT checkpoint_ns FROM checkpoints")])

    async def go() -> None:
        async with checkpointer(tmp_path / "r.db", interval=60) as saver:
            graph = chains(visit, checkpointer=saver)
            await resume_or_start(graph, {"question": "q"}, context=None, run_id="r", about="", steps=100)

    asyncio.run(go())
    assert seen == [[""], [""], [""]]


def test_held_checkpoints_are_stored_when_the_interval_is_over(tmp_path: Path) -> None:
    async def go() -> int:
        async with checkpointer(tmp_path / "r.db", interval=0.05) as saver:
            assert saver is not None
            for n in range(3):
                await put(saver, "strategy:a", f"{n}")
            await asyncio.sleep(0.3)
            return len(rows(tmp_path / "r.db", "SELECT * FROM checkpoints WHERE checkpoint_id = '2'"))

    assert asyncio.run(go()) == 1
    assert len(rows(tmp_path / "r.db", "SELECT * FROM checkpoints")) == 1


async def put(saver: Any, namespace: str, checkpoint_id: str) -> None:
    config = {"configurable": {"thread_id": "r", "checkpoint_ns": namespace}}
    checkpoint = {"v": 4, "id": checkpoint_id, "ts": "", "channel_values": {}, "channel_versions": {}}
    await saver.aput(config, checkpoint, {}, {})


async def put_writes(saver: Any, namespace: str, checkpoint_id: str, task: str) -> None:
    config = {"configurable": {"thread_id": "r", "checkpoint_ns": namespace, "checkpoint_id": checkpoint_id}}
    await saver.aput_writes(config, [("memory", task)], task)


def test_writes_are_stored_only_with_their_checkpoint(tmp_path: Path) -> None:
    async def go() -> None:
        async with checkpointer(tmp_path / "r.db", interval=60) as saver:
            await put(saver, "s", "1")
            await put_writes(saver, "s", "1", "of an older checkpoint")
            await put_writes(saver, "s", "2", "before its checkpoint")
            await put(saver, "s", "2")
            await put_writes(saver, "s", "2", "after its checkpoint")
            await put_writes(saver, "s", "3", "of one that never came")

    asyncio.run(go())
    assert rows(tmp_path / "r.db", "SELECT task_id FROM writes ORDER BY 1") == [
        ("after its checkpoint",),
        ("before its checkpoint",),
    ]


def test_what_is_held_does_not_change_with_the_state_it_came_from(tmp_path: Path) -> None:
    memory = ["one"]

    async def go() -> Any:
        config: Any = {"configurable": {"thread_id": "r", "checkpoint_ns": "s"}}
        async with checkpointer(tmp_path / "r.db", interval=60) as saver:
            assert saver is not None
            checkpoint: Any = {"v": 4, "id": "1", "ts": "", "channel_values": {"memory": memory}}
            await saver.aput(config, checkpoint, {}, {})
            memory.append("two")
            found = await saver.aget_tuple(config)
            assert found is not None
            return found.checkpoint["channel_values"]

    assert asyncio.run(go()) == {"memory": ["one"]}


def test_a_finished_run_starts_anew_and_inherits_nothing(tmp_path: Path) -> None:
    ran: list[str] = []
    assert run(tmp_path / "r.db", ran) == run(tmp_path / "r.db", ran) == REPLY
    assert len(ran) == 2 * NODES


def test_a_run_can_be_forgotten(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(tmp_path / "r.db", [], stop_at=9)

    async def go() -> None:
        async with checkpointer(tmp_path / "r.db") as saver:
            assert saver is not None
            await forget(saver, "r")

    asyncio.run(go())
    assert rows(tmp_path / "r.db", "SELECT * FROM checkpoints") == rows(tmp_path / "r.db", "SELECT * FROM writes") == []


def test_a_checkpoint_of_another_graph_is_not_used(tmp_path: Path) -> None:
    class State(TypedDict):
        ran: Annotated[list[str], operator.add]

    def visit(name: str, stop: bool) -> dict[str, Any]:
        if stop:
            raise Stopped
        return {"ran": [name]}

    async def go(names: list[str], stop_at: str = "") -> Any:
        graph = StateGraph(State)
        for name, after in zip([START, *names], [*names, END], strict=True):
            if after != END:
                graph.add_node(after, lambda _, name=after: visit(name, name == stop_at))
            graph.add_edge(name, after)
        async with checkpointer(tmp_path / "r.db", interval=0) as saver:
            built = graph.compile(checkpointer=saver)
            return (await resume_or_start(built, {"ran": []}, context=None, run_id="r", about="", steps=10))["ran"]

    with pytest.raises(Stopped):
        asyncio.run(go(["a", "b", "c"], stop_at="c"))
    assert asyncio.run(go(["a", "b", "d"])) == ["a", "b", "d"]


sprung: list[str] = []


def _spring() -> None:
    sprung.append("!")


class Trap:
    """Says so when it is constructed by unpickling."""

    def __reduce__(self) -> Any:
        return (_spring, ())


@dataclass
class _Point:
    x: int


def test_plain_data_comes_back() -> None:
    plain = PlainSerializer()
    value = {"a": [1, 2.5, None, True, "ü", b"bytes"], "b": {"c": {}}, "sends": [Send("chain", {"path": 1})]}
    assert plain.loads_typed(plain.dumps_typed(value)) == value
    assert plain.loads_typed(plain.dumps_typed(None)) is None


@pytest.mark.parametrize("value", [_Point(1), date(2026, 1, 1), {1, 2}, Path("x"), object(), Send("chain", _Point(1))])
def test_other_things_are_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        PlainSerializer().dumps_typed({"state": [value]})


@pytest.mark.parametrize(
    "doctored",
    [
        ("pickle", pickle.dumps(Trap())),
        ("json", b'{"lc": 2, "type": "constructor", "id": ["pathlib", "Path"], "args": ["x"]}'),
        JsonPlusSerializer().dumps_typed({"a": Path("x")}),
        JsonPlusSerializer().dumps_typed({"a": _Point(1)}),
        JsonPlusSerializer().dumps_typed([Send("chain", {})]),
        ("msgpack", b"\xd4\x01\xc0"),
        ("msgpack", b"\xc7\x03\x01\x92\x01\xc0"),
        ("msgpack", b"\xc1"),
    ],
)
def test_other_things_are_not_read(doctored: tuple[str, bytes]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever its text
        PlainSerializer().loads_typed(doctored)
    assert not sprung


@pytest.mark.parametrize("where", ["", "strategy%"])
@pytest.mark.parametrize("kind", ["pickle", "msgpack", "nonsense"])
def test_a_doctored_checkpoint_is_passed_over(tmp_path: Path, kind: str, where: str) -> None:
    ran: list[str] = []
    with pytest.raises(Stopped):
        run(tmp_path / "r.db", ran, stop_at=9)
    doctored = pickle.dumps(Trap()) if kind == "pickle" else PlainSerializer().dumps_typed({"id": "x", "v": [1]})[1]
    with closing(sqlite3.connect(tmp_path / "r.db")) as connection, connection:
        sql = "UPDATE checkpoints SET type = ?, checkpoint = ? WHERE checkpoint_ns LIKE ?"
        assert connection.execute(sql, (kind, doctored, where)).rowcount
    assert run(tmp_path / "r.db", ran) == REPLY
    assert not sprung


@pytest.mark.parametrize("broken", ["folder", "text", "directory"])
def test_without_storage_there_is_one_warning_and_no_checkpointer(
    tmp_path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("this is no database, and long enough to be taken for one" * 100)
    path = {"folder": tmp_path / "file" / "r.db", "text": tmp_path / "file", "directory": tmp_path}[broken]
    assert run(path, []) == REPLY
    assert len(warnings(caplog)) == 1
    assert "Without checkpoints" in caplog.text


def test_trouble_while_running_does_not_end_the_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def visit(name: str) -> None:
        if name == "read 0.2":
            with closing(sqlite3.connect(tmp_path / "r.db")) as connection, connection:
                connection.execute("DROP TABLE checkpoints")

    async def go() -> Any:
        async with checkpointer(tmp_path / "r.db", interval=0) as saver:
            graph = chains(visit, checkpointer=saver)
            return await resume_or_start(graph, {"question": " q "}, context=None, run_id="r", about="", steps=100)

    assert asyncio.run(go())["reply"] == REPLY
    assert len(warnings(caplog)) == 1
    assert "the run goes on" in caplog.text


def test_state_that_is_not_plain_does_not_end_the_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class State(TypedDict, total=False):
        day: Any

    async def go() -> Any:
        graph = StateGraph(State)
        graph.add_node("a", lambda _: {"day": date(2026, 1, 1)})
        graph.add_node("b", lambda state: {"day": state["day"].year})
        graph.add_edge(START, "a")
        graph.add_edge("a", "b")
        async with checkpointer(tmp_path / "r.db", interval=0) as saver:
            built = graph.compile(checkpointer=saver)
            return await resume_or_start(built, {"day": None}, context=None, run_id="r", about="", steps=10)

    assert asyncio.run(go()) == {"day": 2026}
    assert len(warnings(caplog)) == 1
    assert "datetime.date" in caplog.text


def test_a_neighbour_in_the_same_file_is_not_disturbed(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "r.db", timeout=5)) as journal:
        journal.execute("PRAGMA journal_mode=WAL")
        journal.execute("CREATE TABLE calls (name TEXT)")

        def visit(name: str) -> None:
            with journal:
                journal.execute("INSERT INTO calls VALUES (?)", (name,))

        async def go() -> None:
            async with checkpointer(tmp_path / "r.db", interval=0) as saver:
                graph = chains(visit, checkpointer=saver)
                await resume_or_start(graph, {"question": "q"}, context=None, run_id="r", about="", steps=100)

        asyncio.run(go())
        assert journal.execute("SELECT count(*) FROM calls").fetchone() == (NODES,)
    tables = rows(tmp_path / "r.db", "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
    assert tables == [("calls",), ("checkpoints",), ("writes",)]


@pytest.mark.parametrize("interval", [0, 1])
def test_a_cancelled_run_ends_at_once_and_goes_on_later(tmp_path: Path, interval: float) -> None:
    async def go(wait: bool) -> Any:
        reached = asyncio.Event()

        class State(TypedDict, total=False):
            ran: Annotated[list[str], operator.add]

        async def slow(_: State) -> State:
            reached.set()
            if wait:
                await asyncio.sleep(60)
            return {"ran": ["slow"]}

        inner = StateGraph(State)
        inner.add_node("quick", lambda _: {"ran": ["quick"]})
        inner.add_node("slow", slow)
        inner.add_edge(START, "quick")
        inner.add_edge("quick", "slow")
        graph = StateGraph(State)
        graph.add_node("strategy", inner.compile())
        graph.add_edge(START, "strategy")

        async def work() -> Any:
            async with checkpointer(tmp_path / "r.db", interval=interval) as saver:
                built = graph.compile(checkpointer=saver)
                return await resume_or_start(built, {"ran": []}, context=None, run_id="r", about="", steps=10)

        task = asyncio.create_task(work())
        if wait:
            await reached.wait()
            task.cancel()
        return await task

    started, threads = monotonic(), threading.active_count()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(go(wait=True))
    assert monotonic() - started < 5
    assert len(rows(tmp_path / "r.db", "SELECT * FROM checkpoints WHERE checkpoint_ns <> ''")) == 1
    assert asyncio.run(go(wait=False)) == {"ran": ["quick", "slow"]}
    assert threading.active_count() <= threads


def test_postgres_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    async def go() -> None:
        async with checkpointer("postgresql://user:secret@127.0.0.1:1/db"):
            pass

    with pytest.raises(MissingExtraError, match=r"longagent\[postgres\]"):
        asyncio.run(go())


def test_a_password_is_in_no_error(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("psycopg")

    async def go(url: str) -> Any:
        async with checkpointer(url) as saver:
            return saver

    for url in ("postgresql://user:pass/secret@host:port/db", "postgresql//secret", "mysql://u:secret@h/db"):
        with pytest.raises(UsageError) as caught:
            asyncio.run(go(url))
        assert caught.value.__context__ is None
        assert "secret" not in str(caught.value)
    assert asyncio.run(go("postgresql://user:secret@127.0.0.1:1/db")) is None
    assert len(warnings(caplog)) == 1
    assert "secret" not in caplog.text

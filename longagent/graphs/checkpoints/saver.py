"""A checkpointer that holds checkpoints back and stores the latest ones together, about once a second."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from langgraph.checkpoint.base import WRITES_IDX_MAP, BaseCheckpointSaver, CheckpointTuple

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata

_log = logging.getLogger("longagent")

Key: TypeAlias = tuple[str, str]
"""(thread id, namespace): a graph run; a subgraph's namespace is `<that of its parent>|<node>:<task id>`."""


class Store(Protocol):
    """Where checkpoints are kept. Its methods block and are called in a thread, one at a time."""

    saver: BaseCheckpointSaver[Any]

    def tidy(self, latest: dict[Key, str], finished: Iterable[Key]) -> None:
        """Delete what is older than the latest checkpoint ids, and all of the namespaces that have finished."""

    def close(self) -> None:
        """Let go of file or connection."""

    def explain(self, error: Exception) -> str:
        """Say what went wrong, without secrets."""


@dataclass
class _Checkpoint:
    config: "RunnableConfig"
    id: str
    frozen: tuple[str, bytes]
    """Serialized at once: until it is stored, a node may change in place what the state refers to."""
    metadata: "CheckpointMetadata"
    versions: "ChannelVersions"
    """Of the channels that changed since the checkpoint stored last."""


@dataclass
class _Writes:
    """What one task of a step returned, kept with the checkpoint the step began from."""

    config: "RunnableConfig"
    checkpoint_id: str
    writes: Sequence[tuple[str, Any]]
    task_id: str
    task_path: str


class HoldingSaver(BaseCheckpointSaver[Any]):
    """Keeps the latest checkpoint of each namespace, and stores the main graph's at once and the others in batches.

    A subgraph's namespace is named after a task of its parent's checkpoint, so parents are stored before children.
    Whatever the moment of a `kill -9`, what is stored is then a state the run was in. Trouble ends storing, not the
    run. Not for LangGraph's `DeltaChannel`, which needs the older checkpoints.
    """

    def __init__(self, store: Store, *, interval: float) -> None:
        """Take what is behind it; `interval` is in seconds, 0 stores everything at once."""
        super().__init__(serde=store.saver.serde)
        self._store = store
        self._interval = interval
        self._storing = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self._held: dict[Key, _Checkpoint] = {}
        self._writes: defaultdict[Key, list[_Writes]] = defaultdict(list)
        self._latest: dict[Key, str] = {}
        """The checkpoint a namespace is at, stored or held."""
        self._stored: set[Key] = set()
        self._finished: set[str] = set()
        """Tasks that are done: nobody will ask for the namespaces below them."""
        self._stopped = False

    def get_next_version(self, current: Any, channel: None) -> Any:
        """Return what follows a channel's version, in the form the store wants."""
        return self._store.saver.get_next_version(current, channel)

    def with_allowlist(self, extra_allowlist: Iterable[Any]) -> "HoldingSaver":  # noqa: ARG002
        """Allow nothing more, and stay one object: LangGraph asks for a copy when a host turns on its strict mode."""
        return self

    async def aget_tuple(self, config: "RunnableConfig") -> CheckpointTuple | None:
        """Return a checkpoint with its writes; `None` also when it cannot be read."""
        key = _key(config)
        if key in self._held or self._storing.locked():
            await self._flush()
        try:
            found = await asyncio.to_thread(self._store.saver.get_tuple, config)
        except Exception as error:
            _log.debug("An unreadable checkpoint was passed over: %s", self._store.explain(error))
            return None
        if found is not None:
            self._latest[key] = found.checkpoint["id"]
            self._stored.add(key)
        return found

    async def aput(
        self,
        config: "RunnableConfig",
        checkpoint: "Checkpoint",
        metadata: "CheckpointMetadata",
        new_versions: "ChannelVersions",
    ) -> "RunnableConfig":
        """Take a checkpoint in the place of the one held before."""
        key, now = _key(config), checkpoint["id"]
        if not self._stopped:
            before = self._held.get(key)
            versions = {**before.versions, **new_versions} if before else new_versions
            try:
                frozen = self.serde.dumps_typed(checkpoint)
            except TypeError as error:
                self._stop(error)
            else:
                self._held[key] = _Checkpoint(config, now, frozen, metadata, versions)
                self._latest[key] = now
                self._take_writes(key, stored=False)
                await self._soon(at_once=key[1] == "")
        return {"configurable": {"thread_id": key[0], "checkpoint_ns": key[1], "checkpoint_id": now}}

    async def aput_writes(
        self, config: "RunnableConfig", writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Take what a task returned; it is stored only if the checkpoint it belongs to is."""
        if self._stopped:
            return
        key = _key(config)
        # Of writes for a checkpoint that is not here yet, as of older ones, storing decides: it knows what is latest.
        self._writes[key].append(_Writes(config, config["configurable"]["checkpoint_id"], writes, task_id, task_path))
        await self._soon()

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget everything of a run."""
        async with self._storing:
            for held in (self._held, self._writes, self._latest):
                for key in [key for key in held if key[0] == thread_id]:
                    del held[key]
            self._stored = {key for key in self._stored if key[0] != thread_id}
            try:
                await asyncio.to_thread(self._store.saver.delete_thread, thread_id)
            except Exception as error:
                self._stop(error)

    async def aclose(self) -> None:
        """Store what is held, and let go of the store, even when cancelled meanwhile."""
        await _to_the_end(self._close())

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)
        await self._flush()
        self._stopped = True
        await asyncio.to_thread(self._store.close)

    async def _soon(self, *, at_once: bool = False) -> None:
        if at_once or not self._interval:
            await _to_the_end(self._flush())
        elif self._timer is None or self._timer.done():
            self._timer = asyncio.create_task(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(self._interval)
        await _to_the_end(self._flush())

    async def _flush(self) -> None:
        """Store what is held."""
        async with self._storing:
            held, self._held = self._held, {}
            stored = self._stored | held.keys()
            writes = [of for key in list(self._writes) for of in self._take_writes(key, stored=key in stored)]
            over = {key for key in stored if self._is_over(key)}
            held = {key: held[key] for key in sorted(held, key=_depth) if key not in over}
            over &= self._stored
            self._stored = (stored - over) & (self._stored | held.keys())
            self._finished.clear()
            if self._stopped or not (held or writes or over):
                return
            try:
                await asyncio.to_thread(self._put, held, writes, over)
            except Exception as error:
                self._stop(error)

    def _take_writes(self, key: Key, *, stored: bool) -> list[_Writes]:
        """Let go of the writes of older checkpoints, and, where the latest is stored, return those of the latest."""
        latest = self._latest.get(key, "")
        kept, due = [], []
        for of in self._writes.pop(key, ()):
            # Ids grow with time. A checkpoint can come after writes of its step, as LangGraph saves in the background.
            if of.checkpoint_id > latest or (of.checkpoint_id == latest and not stored):
                kept.append(of)
                continue
            if of.checkpoint_id == latest:
                due.append(of)
            if not all(channel in WRITES_IDX_MAP for channel, _ in of.writes):  # else: a note that it failed
                self._finished.add(of.task_id)
        if kept:
            self._writes[key] = kept
        return due

    def _is_over(self, key: Key) -> bool:
        return any(part.rpartition(":")[2] in self._finished for part in key[1].split("|"))

    def _put(self, held: dict[Key, _Checkpoint], writes: list[_Writes], over: set[Key]) -> None:
        saver = self._store.saver
        for it in held.values():
            saver.put(it.config, self.serde.loads_typed(it.frozen), it.metadata, it.versions)
        for of in writes:
            saver.put_writes(of.config, of.writes, of.task_id, of.task_path)
        self._store.tidy({key: it.id for key, it in held.items()}, over)

    def _stop(self, error: Exception) -> None:
        if not self._stopped:
            _log.warning("Checkpoints are no longer stored; the run goes on: %s", self._store.explain(error))
        self._stopped = True
        self._held.clear()
        self._writes.clear()


def _key(config: "RunnableConfig") -> Key:
    return str(config["configurable"]["thread_id"]), config["configurable"].get("checkpoint_ns", "")


def _depth(key: Key) -> int:
    return len(key[1].split("|")) if key[1] else 0


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait for work that must not stop half way, and only then pass on that we were cancelled."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()

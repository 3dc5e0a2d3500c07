"""Workers are started: placed on GPUs or cores, launched together, and awaited until all of them are healthy."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep

from longagent.errors import LongagentError, UsageError
from longagent.llm.machine import cores, free_memory
from longagent.llm.workers.command import Place, Wishes, child_environment, command
from longagent.llm.workers.cores import cache_gib, split_cores
from longagent.llm.workers.engine import Engine
from longagent.llm.workers.gpus import check_shared, deal, find_gpus, free_of
from longagent.llm.workers.identity import identity_of
from longagent.llm.workers.launch import Launched, alone, launch, log_path
from longagent.llm.workers.log import stage, tail
from longagent.llm.workers.naming import new_names
from longagent.llm.workers.ports import choose_ports, port_of
from longagent.llm.workers.probe import healthy, serves
from longagent.llm.workers.processes import end, members
from longagent.llm.workers.record import Worker, forget_worker, read_workers, write_worker
from longagent.llm.workers.troubles import explain

_SLICE = 0.1
_GRACE = 1.0
"""Seconds for one that is starting to end by itself: vLLM 0.32 often does not hear, and has nothing to save yet."""

Watching = Callable[[Sequence[tuple[str, str]], float], None]
"""Is told again and again, while workers start: the name of each that is not ready with what it is at, and seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where the replicas of a start go."""

    cpu: bool = False
    gpus: tuple[int, ...] | None = None
    """`None`: those on which no worker of ours is."""
    replicas: int | None = None
    """`None`: as many as the GPUs allow; one on the CPU."""
    port: int | None = None
    """The first of consecutive ones; `None`: any that are free."""


def start_workers(
    state_dir: Path,
    engine: Engine,
    wishes: Wishes,
    where: Where,
    *,
    timeout: float,
    watching: Watching,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Worker, ...]:
    """Start workers, and return them once they serve. Either all of them do, or none is left.

    Args:
        state_dir: for their records and logs.
        engine: how vLLM is called.
        wishes: how they are to be.
        where: and where.
        timeout: seconds until all of them must serve.
        watching: is told how far they are.
        environ: ours.

    Raises:
        UsageError: they cannot be started like this; nothing was.
        LongagentError: one of them died, or was not ready in time.
    """
    launched: list[Launched] = []
    with ExitStack() as held:
        try:
            with alone(state_dir):
                _launch_all(
                    launched,
                    state_dir=state_dir,
                    engine=engine,
                    wishes=wishes,
                    where=where,
                    environ=environ,
                    held=held,
                )
            return _await(launched, state_dir, timeout=timeout, watching=watching)
        except BaseException:
            _undo(launched, state_dir)
            raise


def _launch_all(
    launched: list[Launched],
    *,
    state_dir: Path,
    engine: Engine,
    wishes: Wishes,
    where: Where,
    environ: Mapping[str, str],
    held: ExitStack,
) -> None:
    known = read_workers(state_dir)
    living = tuple(worker for worker in known if worker.lives)
    identity = identity_of(wishes.model.source, wishes.flags)
    _agree(living, wishes, identity)
    # Engines that outlived their server hold its GPUs.
    busy = {gpu: worker.name for worker in known if members(worker) for gpu in worker.gpus}
    taken = {port_of(worker.url) for worker in living}
    places = _places(wishes, where, busy=busy, taken=taken, environ=environ, held=held)
    names = new_names(wishes.model.served, {worker.name for worker in known}, count=len(places))
    for name, place in zip(names, places, strict=True):
        describe = {
            "name": name,
            "model": wishes.model.source,
            "identity": identity,
            "served": wishes.model.served,
            "task": wishes.task,
            "url": f"http://127.0.0.1:{place.port}/v1",
            "gpus": place.gpus,
        }
        argv, child = command(engine, wishes, place), child_environment(environ, engine, wishes, place)
        log = log_path(state_dir, name)
        launch(launched, argv, child, state_dir=state_dir, describe=describe, log=log)


def _agree(living: Sequence[Worker], wishes: Wishes, identity: str) -> None:
    """Make sure that workers of one name are alike: calls go to any of them."""
    for worker in living:
        if worker.served != wishes.model.served:
            continue
        if (worker.model, worker.task) != (wishes.model.source, wishes.task):
            problem = f"Worker {worker.name} serves {worker.model} ({worker.task}) as {worker.served!r} already."
        elif worker.identity != identity:
            problem = f"Worker {worker.name} serves {worker.served!r} already, with other flags or other weights."
        else:
            continue
        raise UsageError(problem, hint="Give another --served-name, or stop it.")


def _places(
    wishes: Wishes,
    where: Where,
    *,
    busy: Mapping[int, str],
    taken: Collection[int],
    environ: Mapping[str, str],
    held: ExitStack,
) -> tuple[Place, ...]:
    if where.cpu:
        count = where.replicas or 1
        shares = split_cores(cores(), replicas=count, each=wishes.each)
        size = cache_gib(free_memory(), replicas=count)
        ports = choose_ports(count, first=where.port, taken=taken, held=held)
        return tuple(Place(port=port, cores=own, cache_gib=size) for port, own in zip(ports, shares, strict=True))
    gpus = find_gpus(where.gpus, environ=environ)
    if where.gpus is None:
        gpus = free_of(gpus, busy)
    elif not wishes.sized:
        check_shared(gpus, busy)
    dealt = deal(gpus, each=wishes.each, replicas=where.replicas)
    ports = choose_ports(len(dealt), first=where.port, taken=taken, held=held)
    return tuple(Place(port=port, gpus=own) for port, own in zip(ports, dealt, strict=True))


def _await(launched: Sequence[Launched], state_dir: Path, *, timeout: float, watching: Watching) -> tuple[Worker, ...]:
    begun, ready = monotonic(), dict[str, Worker]()
    while True:
        for worker, process in launched:
            code = process.poll()
            if code is not None:
                raise _died(worker, code)
            if worker.name not in ready and (found := _ready(worker)):
                write_worker(state_dir, found)
                ready[worker.name] = found
        if len(ready) == len(launched):
            return tuple(ready[worker.name] for worker, _ in launched)
        open_ = [worker for worker, _ in launched if worker.name not in ready]
        seconds = monotonic() - begun
        if seconds > timeout:
            raise _late(open_[0], timeout)
        watching([(worker.name, stage(tail(worker.log))) for worker in open_], seconds)
        sleep(_SLICE)


def _ready(worker: Worker) -> Worker | None:
    """Return the record of a worker that has become healthy."""
    if not healthy(worker.url) or (said := serves(worker.url, worker.served)) is None:
        return None
    return replace(worker, ready=True, window=said.window)


def _died(worker: Worker, code: int) -> LongagentError:
    trouble = explain(tail(worker.log), code=code)
    return LongagentError(
        f"Worker {worker.name} did not start: {trouble.what}.", hint=f"{trouble.hint} Its log: {worker.log}".strip()
    )


def _late(worker: Worker, timeout: float) -> LongagentError:
    at = stage(tail(worker.log))
    was = f" It was at: {at}." if at else ""
    return LongagentError(
        f"Worker {worker.name} was not ready within {timeout:g} s.{was}",
        hint=f"Give a longer --timeout. Its log: {worker.log}",
    )


def _undo(launched: Sequence[Launched], state_dir: Path) -> None:
    workers = [worker for worker, _ in launched]
    try:
        end(workers, grace=_GRACE)
    finally:
        for worker, process in launched:
            process.poll()
            if not worker.lives:
                # The log stays: it tells why.
                forget_worker(state_dir, worker.name)

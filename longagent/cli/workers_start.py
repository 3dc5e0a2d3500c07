"""`longagent workers start`: what is wished for, judged before anything runs; then the wait."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, Offline, Quiet, Tracebacks
from longagent.cli.starting import say
from longagent.errors import LongagentError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longagent.llm.workers.command import Wishes
    from longagent.llm.workers.record import Worker
    from longagent.llm.workers.start import Where
    from longagent.llm.workers.troubles import Trouble
    from longagent.settings import Settings

_HOUR = 3600.0


class Task(StrEnum):
    """What a worker is for."""

    chat = "chat"
    embed = "embed"
    rerank = "rerank"


def start(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A name of the Hugging Face hub, or a folder.")],
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- FLAGS]", help="Any more of vLLM's own flags, after --.", show_default=False),
    ] = None,
    gpus: Annotated[
        str | None, typer.Option("--gpus", metavar="0,1,…", help="Only these; by default all without a worker.")
    ] = None,
    cpu: Annotated[bool, typer.Option("--cpu", help="On the CPU; needs a build of vLLM for it.")] = False,
    replicas: Annotated[
        int | None,
        typer.Option("--replicas", metavar="N", min=1, help="Servers; by default one per GPU, one on the CPU."),
    ] = None,
    python: Annotated[
        Path | None,
        typer.Option("--python", metavar="PATH", help="Python of vLLM's environment; by default `vllm` on PATH."),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", min=1, max=65535, help="Of the first; others follow it.")
    ] = None,
    memory_fraction: Annotated[
        float | None, typer.Option("--memory-fraction", metavar="0.9", help="Of a GPU's memory, the part to use.")
    ] = None,
    tensor_parallel: Annotated[
        int, typer.Option("--tensor-parallel", metavar="N", min=1, help="GPUs that share each layer of one server.")
    ] = 1,
    pipeline_parallel: Annotated[
        int, typer.Option("--pipeline-parallel", metavar="N", min=1, help="GPUs that share out the layers.")
    ] = 1,
    max_model_len: Annotated[
        int | None,
        typer.Option("--max-model-len", metavar="TOKENS", min=1, help="Window; by default the model's own."),
    ] = None,
    served_name: Annotated[
        str | None,
        typer.Option("--served-name", metavar="NAME", help="By default MODEL's last part."),
    ] = None,
    task: Annotated[Task, typer.Option("--task", help="Answers, vectors, or scores for a query.")] = Task.chat,
    until_exit: Annotated[
        bool, typer.Option("--until-exit", help="Stay here, and stop them at Ctrl-C. By default they go on without us.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", min=1, help="Seconds until all must serve, downloads included.")
    ] = _HOUR,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Tracebacks = 0,
) -> None:
    """Start servers for MODEL, and wait until they are healthy. Either all of them start, or none is left."""
    with guard(verbose=verbose):
        from longagent.llm.workers.command import Wishes, check_flags
        from longagent.llm.workers.gpus import parse_gpus
        from longagent.llm.workers.naming import judge_model
        from longagent.llm.workers.start import Where
        from longagent.settings import Settings

        if cpu and gpus is not None:
            raise UsageError("--cpu and --gpus exclude each other.", hint="Drop one.")
        if memory_fraction is not None and not 0 < memory_fraction <= 1:
            raise UsageError(f"--memory-fraction {memory_fraction:g} is not between 0 and 1.")
        settings = Settings.resolve(vllm_python=python, offline=offline or None)
        wishes = Wishes(
            model=judge_model(model, served=served_name),
            task=task.value,
            tensor=tensor_parallel,
            pipeline=pipeline_parallel,
            window=max_model_len,
            memory_fraction=memory_fraction,
            flags=check_flags(flags or ()),
            offline=settings.offline,
        )
        where = Where(cpu=cpu, gpus=None if gpus is None else parse_gpus(gpus), replicas=replicas, port=port)
        started = _start(settings, wishes, where, timeout=timeout, quiet=quiet)
        if until_exit:
            _stay(started, settings, as_json=as_json, quiet=quiet)
        else:
            _tell_started(started, as_json=as_json, quiet=quiet)


def _start(
    settings: "Settings", wishes: "Wishes", where: "Where", *, timeout: float, quiet: bool
) -> "tuple[Worker, ...]":
    from longagent.cli.starting import Starting
    from longagent.llm.workers.engine import find_engine
    from longagent.llm.workers.record import pools, read_workers
    from longagent.llm.workers.start import start_workers

    served = wishes.model.served
    there = pools(read_workers(settings.state_dir), served=served, task=wishes.task).get(served, ())
    engine = find_engine(settings.vllm_python, environ=os.environ)
    if there and not quiet:
        names = ", ".join(worker.name for worker in there)
        say(f"{served} is served by {names} already; what is started is added.")
    with Starting(quiet=quiet) as starting:
        return start_workers(settings.state_dir, engine, wishes, where, timeout=timeout, watching=starting)


def _tell_started(started: "Sequence[Worker]", *, as_json: bool, quiet: bool) -> None:
    from rich.console import Console

    from longagent.cli.output import print_json
    from longagent.render.workers import print_started, worker_dict

    if as_json:
        print_json([worker_dict(worker) for worker in started])
    else:
        print_started(started, Console(highlight=False))
    # Whoever waits for it at a pipe is to see it now, though we may stay.
    sys.stdout.flush()
    if not quiet:
        name = f"vllm/{started[0].served}"
        uses = {"chat": f"--model {name}", "embed": f"--embedder {name}", "rerank": f"with LONGAGENT_RERANK={name}"}
        say(f"ready: longagent ask … {uses[started[0].task]}")


def _stay(started: "Sequence[Worker]", settings: "Settings", *, as_json: bool, quiet: bool) -> None:
    from longagent.llm.workers.staying import stay_with
    from longagent.llm.workers.stop import stop_workers

    def died(worker: "Worker", trouble: "Trouble") -> None:
        say(f"warning: worker {worker.name} is gone: {trouble.what}. {trouble.hint} Its log: {worker.log}")

    try:
        _tell_started(started, as_json=as_json, quiet=quiet)
        if not quiet:
            say("They stop with this command: Ctrl-C ends it.")
        stay_with(started, died=died)
    except KeyboardInterrupt:
        if not quiet:
            say("stopping …")
        return
    finally:
        stop_workers(started, state_dir=settings.state_dir)
    raise LongagentError("No worker is left.")

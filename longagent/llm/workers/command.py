"""What a worker is called with: arguments and environment, from what was wished for. Nothing is started here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from longagent.errors import UsageError
from longagent.llm.workers.engine import Engine
from longagent.llm.workers.naming import Model
from longagent.llm.workers.record import Task

# They decide where the server listens, for whom, and under which name: the record must be true of it.
_OURS = {
    "host": "workers listen on this machine only",
    "port": "give --port before the --",
    "uds": "workers listen on a port",
    "model": "give the model before the --",
    "served-model-name": "give --served-name before the --",
    "tensor-parallel-size": "give --tensor-parallel before the --",
    "pipeline-parallel-size": "give --pipeline-parallel before the --",
    "data-parallel-size": "give --replicas before the --: each is a worker of its own",
    "api-key": "workers ask for no key",
    "root-path": "workers have none",
    "ssl-keyfile": "workers speak plain HTTP on this machine",
    "ssl-certfile": "workers speak plain HTTP on this machine",
    "headless": "a server of several machines is started by hand, and found by --base-url",
    "grpc": "workers speak HTTP",
}
_SIZES = ("--kv-cache-memory-bytes", "--gpu-memory-utilization")
_SHORT = {"-tp": "tensor-parallel-size", "-pp": "pipeline-parallel-size", "-dp": "data-parallel-size"}
# Keys to our providers and tracers, and settings of ours: another program has no use for them.
_SECRET = re.compile(r"LONGAGENT_|LANGFUSE_|LANGSMITH_|LANGCHAIN_|(?!AWS_|HF_).*(_API_KEY|_API_TOKEN|_SECRET_KEY)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How all replicas of a start are to be."""

    model: Model
    task: Task = "chat"
    tensor: int = 1
    """Tensor parallel: GPUs that share each layer."""
    pipeline: int = 1
    """Pipeline parallel: groups of GPUs that share the layers out."""
    window: int | None = None
    memory_fraction: float | None = None
    flags: tuple[str, ...] = ()
    """More of vLLM's, as the user wrote them."""
    offline: bool = False

    @property
    def each(self) -> int:
        """GPUs of one replica."""
        return self.tensor * self.pipeline

    @property
    def sized(self) -> bool:
        """Whether the user said how much memory is to be taken."""
        names = {flag.partition("=")[0].replace("_", "-") for flag in self.flags}
        return self.memory_fraction is not None or not names.isdisjoint(_SIZES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one replica runs."""

    port: int
    gpus: tuple[int, ...] = ()
    """Empty: on the CPU."""
    cores: str = ""
    """On the CPU: for `VLLM_CPU_OMP_THREADS_BIND`."""
    cache_gib: int | None = None
    """On the CPU: memory for keys and values."""


def check_flags(flags: Sequence[str]) -> tuple[str, ...]:
    """Return flags for vLLM.

    Raises:
        UsageError: these are no flags, or such that longagent sets itself.
    """
    if flags and not flags[0].startswith("-"):
        raise UsageError(f"{flags[0]!r} is one argument too many.", hint="Flags of vLLM follow --, after the model.")
    for flag in flags:
        name = _SHORT.get(flag.partition("=")[0]) or flag.partition("=")[0].replace("_", "-").removeprefix("--")
        if flag.startswith("-") and name in _OURS:
            raise UsageError(f"{flag.partition('=')[0]} is not passed on to vLLM: {_OURS[name]}.")
    return tuple(flags)


def command(engine: Engine, wishes: Wishes, place: Place) -> tuple[str, ...]:
    """Return the command that starts a replica."""
    flags = ["--enable-prompt-tokens-details", "--disable-uvicorn-access-log"]
    if wishes.task == "chat":
        flags.append("--enable-prefix-caching")
    else:
        # Whether it gives vectors or scores is for the model itself; some of these cannot keep prefixes.
        flags += ["--runner", "pooling"]
    if wishes.tensor > 1:
        flags += ["--tensor-parallel-size", str(wishes.tensor)]
    if wishes.pipeline > 1:
        flags += ["--pipeline-parallel-size", str(wishes.pipeline)]
    if wishes.window is not None:
        flags += ["--max-model-len", str(wishes.window)]
    if wishes.memory_fraction is not None:
        flags += ["--gpu-memory-utilization", f"{wishes.memory_fraction:g}"]
    # The last word counts: the user's over what is merely useful, and ours on where it listens, even against a flag
    # written so short that it was not known for what it is.
    fixed = ("--served-model-name", wishes.model.served, "--host", "127.0.0.1", "--port", str(place.port))
    return (*engine.command(wishes.model.source), *flags, *wishes.flags, *fixed)


def child_environment(environ: Mapping[str, str], engine: Engine, wishes: Wishes, place: Place) -> dict[str, str]:
    """Return the environment of a replica: ours, without our keys, and with what is to be set for it."""
    kept = {name: value for name, value in environ.items() if not _SECRET.match(name) and name != "VLLM_API_KEY"}
    kept["PATH"] = f"{engine.folder}:{environ.get('PATH', '')}".rstrip(":")
    # No file of the folder where we were called is imported in place of a library.
    kept |= {"PYTHONSAFEPATH": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if wishes.offline:
        kept |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    if place.gpus:
        # Numbers as nvidia-smi has them; CUDA's own order is by speed.
        return kept | {
            "CUDA_VISIBLE_DEVICES": ",".join(map(str, place.gpus)),
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        }
    kept["CUDA_VISIBLE_DEVICES"] = ""
    if place.cores:
        kept.setdefault("VLLM_CPU_OMP_THREADS_BIND", place.cores)
    # The variable would win over what the user said in flags.
    if place.cache_gib is not None and not wishes.sized:
        kept.setdefault("VLLM_CPU_KVCACHE_SPACE", str(place.cache_gib))
    return kept

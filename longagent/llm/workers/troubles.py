"""Why a worker died, in one sentence, from the end of vLLM's log; and what to do about it."""

import re
from collections.abc import Callable
from typing import NamedTuple

from longagent.llm.refusals import plain


class Trouble(NamedTuple):
    """What went wrong."""

    what: str
    """A clause without a full stop: `the GPU's memory is too small`."""
    hint: str = ""


class _Known(NamedTuple):
    pattern: re.Pattern[str]
    tell: Callable[[re.Match[str]], Trouble]


def explain(log: str, *, code: int | None = None) -> Trouble:
    """Return why a worker ended.

    Args:
        log: its end.
        code: with which its process ended, as `subprocess` has it; `None` if that is not known.
    """
    # What was said in passing (a driver that was looked for, a hub that was asked) is no cause.
    lines = [line for line in log.splitlines() if not _PASSING.search(line)]
    said = "\n".join(lines)
    for known in _TROUBLES:
        if found := known.pattern.search(said):
            return known.tell(found)
    if code == -9:
        return Trouble("it was killed, perhaps because memory ran out", "Try a smaller model or fewer --replicas.")
    errors = [found[1] for line in lines if (found := _ERROR.search(line)) and not _CONSEQUENCE.search(line)]
    if errors:
        return Trouble(plain(errors[-1], key=None).rstrip("."))
    return Trouble("it was told to end, not by longagent" if "shutdown triggered" in log else _ended(code))


def _ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"it was ended by signal {-code}"
    return f"it ended with exit code {code}" if code else "it ended without saying why"


_PASSING = re.compile(r"\b(INFO|WARNING|DEBUG) \d\d-\d\d |Warning: ")
_ERROR = re.compile(r"((?:\w+\.)*\w*(?:Error|Exception|error): .*)")
# Said by the server when its engine, which knows the cause, has gone.
_CONSEQUENCE = re.compile(r"Engine core initialization failed|EngineDeadError|failed core proc")


def _known(pattern: str, what: str, hint: str = "") -> _Known:
    def tell(found: re.Match[str]) -> Trouble:
        # Of what vLLM says a few words may be quoted, made plain.
        quoted = [plain(part or "", key=None, limit=120) for part in found.groups()]
        return Trouble(what.format(*quoted), hint.format(*quoted))

    return _Known(re.compile(pattern), tell)


_NETWORK_HINT = "Fetch the model where there is a network, and give its folder."
_COMPILER_HINT = "Install g++ and Python's headers (on Debian: apt install g++ python3-dev)."

# From the particular to the general: an early cause often draws later ones after it.
_TROUBLES = (
    _known(
        r"No module named '?(vllm\b[\w.]*)",
        "vLLM is not installed in that environment",
        "Name the Python of one that has it: --python PATH.",
    ),
    _known(
        r"No package metadata was found for vllm",
        "this is vLLM's distribution for the CPU, whose command `vllm` does not work",
        "Name that environment's Python: --python PATH.",
    ),
    _known(r"error: unrecognized arguments: (.*)", "vLLM does not know {0}", "See: vllm serve --help=all"),
    _known(r"error: (argument .*)", "vLLM refuses an argument: {0}", "See: vllm serve --help=all"),
    _known(
        r"max seq len.*?\((\d+)\)[\s\S]*?larger than the available KV cache[\s\S]*?maximum model length is (\d+)",
        "its memory cannot hold keys and values of {0} tokens",
        "Give --max-model-len {1}, or raise --memory-fraction (on the CPU: VLLM_CPU_KVCACHE_SPACE, in GiB).",
    ),
    _known(
        r"larger than the available KV cache|No available memory for the cache blocks",
        "no memory is left for keys and values beside the model",
        "Lower --max-model-len, raise --memory-fraction (on the CPU: VLLM_CPU_KVCACHE_SPACE, in GiB), "
        "or spread the model over more GPUs with --tensor-parallel.",
    ),
    _known(
        r"Free memory on device[\s\S]*?less than desired GPU memory utilization",
        "other programs have taken the GPU's memory",
        "End them, choose other --gpus, or lower --memory-fraction.",
    ),
    _known(
        r"Available memory on node[\s\S]*?is less than requested memory for kv",
        "too little memory is free for keys and values",
        "Lower VLLM_CPU_KVCACHE_SPACE (GiB), start fewer --replicas, or end other programs.",
    ),
    _known(
        r"OutOfMemoryError|CUDA out of memory|CUDA error: out of memory",
        "the GPU's memory is too small for the model",
        "Spread it over more GPUs with --tensor-parallel, lower --max-model-len, or take a smaller or quantized model.",
    ),
    _known(
        r"max_model_len \((\d+)\) is greater than the derived max_model_len \(\w+=(\d+)",
        "--max-model-len {0} is more than the {1} tokens that the model was made for",
        "Give --max-model-len {1} or less.",
    ),
    _known(
        r"gated repo|GatedRepoError|[Aa]ccess to model .* is restricted",
        "the model's owner wants its licence to be accepted first",
        "Accept it on the model's page of the hub, and set HF_TOKEN.",
    ),
    _known(
        r"not a valid model identifier|RepositoryNotFoundError|Repository Not Found|not a valid repository name",
        "the hub has no such model, or it is private",
        "Check the name; for a private one set HF_TOKEN.",
    ),
    _known(r"Address already in use", "its port was taken by another program", "Start again, or give --port."),
    _known(
        r"driver version is insufficient|[Dd]river/library version mismatch|forward compatibility was attempted",
        "NVIDIA's driver is too old for this vLLM, or was replaced while it ran",
        "Update the driver, reboot, or install a vLLM built for its CUDA version.",
    ),
    _known(
        r"Failed to infer device type|No CUDA GPUs are available|Found no NVIDIA driver|libcuda\.so|NVMLError",
        "vLLM finds no GPU that it can use",
        "Is the driver loaded (nvidia-smi), and this vLLM built for it? For the CPU give --cpu and a CPU build.",
    ),
    _known(
        r"World size \(\d+\) is larger than the number of available GPUs",
        "it was given fewer GPUs than --tensor-parallel times --pipeline-parallel",
        "Lower them, or start it on more GPUs.",
    ),
    _known(
        r"must be divisible by tensor parallel size",
        "the model's layers cannot be shared among so many GPUs",
        "Give another --tensor-parallel: 1, 2, 4 or 8.",
    ),
    _known(
        r"Model architectures (\[.*?\]) are not supported|does not recognize this architecture",
        "this vLLM does not know the model's architecture",
        "Is it a model for this task? A newer vLLM may know it.",
    ),
    _known(
        r"No working C\+\+ compiler|InvalidCxxCompiler|Failed to find C compiler|Python\.h: No such file|CXX compiler",
        "vLLM needs a C++ compiler to start, and finds none that works",
        _COMPILER_HINT,
    ),
    _known(r"No space left on device", "the disk is full (or /dev/shm, which is for memory that processes share)"),
    # A hub that was asked in vain is no cause where the model was there all the same.
    _known(
        r"couldn't connect to 'https?:|LocalEntryNotFoundError|OfflineModeIsEnabled|offline mode is enabled|"
        r"Name or service not known|[Nn]ame resolution|Network is unreachable|Max retries exceeded|"
        r"[Cc]annot find the requested files in the (?:disk|local) cache",
        "the model is not on this machine, and the hub cannot be reached",
        _NETWORK_HINT,
    ),
    _known(
        r"Invalid repository ID or local directory",
        "the model cannot be found, or its configuration cannot be read",
        "Check the name or folder. Without a network, or with --offline, it must be on this machine already.",
    ),
    # Likewise libraries look for modules that they can do without.
    _known(r"No module named '?([\w.]+)", "vLLM's environment lacks the module {0}", "Install vLLM there anew."),
)

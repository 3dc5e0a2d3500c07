"""How logs of vLLM 0.32 end when it cannot start, and what is to be told of each."""

from typing import NamedTuple


class Death(NamedTuple):
    """The end of a log."""

    log: str
    what: str
    """A part of what is told."""
    hint: str


_AT = "(EngineCore pid=6294) ERROR 11-25 16:12:17 [core.py:1136] "
_LAST = (
    "(APIServer pid=6252) RuntimeError: Engine core initialization failed. See root cause above. "
    "Failed core proc(s): {}\n"
)

DEATHS = {
    "no-vllm": Death("ModuleNotFoundError: No module named 'vllm'\n", "vLLM is not installed", "--python"),
    "no-module": Death("ModuleNotFoundError: No module named 'flashinfer'\n", "lacks the module flashinfer", "anew"),
    "cpu-distribution": Death(
        "importlib.metadata.PackageNotFoundError: No package metadata was found for vllm\n", "for the CPU", "--python"
    ),
    "unknown-flag": Death(
        "usage: vllm serve [model_tag] [options]\nvllm serve: error: unrecognized arguments: --no-such\n",
        "does not know --no-such",
        "--help=all",
    ),
    "bad-value": Death(
        "api_server.py: error: argument --dtype: invalid choice: 'int3' (choose from auto, half)\n",
        "argument --dtype: invalid choice",
        "--help=all",
    ),
    "cache-too-small": Death(
        f"{_AT}ValueError: To serve at least one request with the model's max seq len (40960), (5.62 GiB KV cache is "
        "needed, which is larger than the available KV cache memory (2.51 GiB). Based on the available memory, the "
        "estimated maximum model length is 18272. Try increasing `gpu_memory_utilization`.\n" + _LAST,
        "keys and values of 40960 tokens",
        "--max-model-len 18272",
    ),
    "no-cache": Death(
        f"{_AT}ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`.\n",
        "no memory is left for keys and values",
        "--tensor-parallel",
    ),
    "gpu-in-use": Death(
        f"{_AT}ValueError: Free memory on device cuda:0 (3.1/79.1 GiB) on startup is less than desired GPU memory "
        "utilization (0.92, 72.8 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.\n",
        "other programs have taken",
        "--memory-fraction",
    ),
    "memory-in-use": Death(
        f"{_AT}ValueError: Available memory on node 0 (1.9/23.5 GiB) on kv cache allocation is less than requested "
        "memory for kv (4.0 GiB). Decrease --kv-cache-memory-bytes, VLLM_CPU_KVCACHE_SPACE, or reduce CPU memory.\n",
        "too little memory is free",
        "VLLM_CPU_KVCACHE_SPACE",
    ),
    "out-of-memory": Death(
        f"{_AT}torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.2 GiB.\n" + _LAST,
        "GPU's memory is too small",
        "--tensor-parallel",
    ),
    "window-too-long": Death(
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig\n  Value error, "
        "User-specified max_model_len (99999) is greater than the derived max_model_len "
        "(max_position_embeddings=8192 or model_max_length=None in model's config.json).\n",
        "99999 is more than the 8192 tokens",
        "8192 or less",
    ),
    "gated": Death("OSError: You are trying to access a gated repo.\nMake sure to …\n", "licence", "HF_TOKEN"),
    "unknown-model": Death(
        "OSError: no/such is not a local folder and is not a valid model identifier listed on "
        "'https://huggingface.co/models'\n",
        "no such model",
        "HF_TOKEN",
    ),
    "no-network": Death(
        "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the "
        "cached files.\n",
        "the hub cannot be reached",
        "folder",
    ),
    "unreadable-model": Death(
        "ValueError: Invalid repository ID or local directory specified: 'x'.\n", "cannot be found", "Check"
    ),
    "port": Death("OSError: [Errno 98] Address already in use\n", "its port was taken", "--port"),
    "old-driver": Death(
        "RuntimeError: The NVIDIA driver on your system is too old. CUDA driver version is insufficient for CUDA "
        "runtime version\n",
        "driver is too old",
        "Update",
    ),
    "no-gpu": Death("RuntimeError: Failed to infer device type, please set …\n", "finds no GPU", "--cpu"),
    "few-gpus": Death(
        "ValueError: World size (4) is larger than the number of available GPUs (2) in this node.\n",
        "fewer GPUs",
        "Lower",
    ),
    "heads": Death(
        "ValueError: Total number of attention heads (9) must be divisible by tensor parallel size (2).\n",
        "cannot be shared",
        "--tensor-parallel",
    ),
    "architecture": Death(
        "ValueError: Model architectures ['NewForCausalLM'] are not supported for now.\n", "architecture", "newer"
    ),
    "compiler": Death(
        f"{_AT}torch._inductor.exc.InductorError: InvalidCxxCompiler: No working C++ compiler found in cpp.cxx\n",
        "C++ compiler",
        "g++",
    ),
    "disk": Death("OSError: [Errno 28] No space left on device\n", "disk is full", ""),
}

"""Import FAISS, and say clearly when it is missing or installed twice."""

from importlib.metadata import distributions
from typing import Any

from longagent.errors import MissingExtraError, UsageError


def import_faiss() -> Any:
    """Return the module `faiss`.

    Raises:
        MissingExtraError: no build of it is installed.
        UsageError: a CPU and a GPU build are installed; both own the same module, so which one runs is chance.
    """
    names = {(dist.name or "").lower().replace("_", "-") for dist in distributions()}
    gpu = sorted(name for name in names if name.startswith("faiss-gpu"))
    if "faiss-cpu" in names and gpu:
        both = " and ".join(["faiss-cpu", *gpu])
        raise UsageError(
            f"{both} are installed together and overwrite each other.",
            hint=f"Remove both and install the one you need: pip uninstall faiss-cpu {' '.join(gpu)}",
        )
    if "faiss-cpu" not in names and not gpu:
        raise MissingExtraError("FAISS", "local")
    import faiss

    return faiss

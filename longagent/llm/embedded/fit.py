"""How long a context fits into memory beside a model, and whether the model itself does: decided before loading."""

from typing import NamedTuple

from longagent.errors import ModelUnavailableError
from longagent.llm.embedded.header import Header

LEAST_WINDOW = 2048
"""Tokens below which a model file is of no use here."""

_STEP = 512
_BATCH = 512
"""Tokens read at once: llama.cpp keeps room for the likelihood of every word after each of them."""
_BESIDES = 400 * 2**20
"""Bytes for the process itself, and for states of earlier prompts."""


class Fit(NamedTuple):
    """A context that fits."""

    window: int
    note: str
    """Why it is less than was wanted; empty if it is not."""


def fit(name: str, header: Header, *, size: int, window: int, memory: int | None) -> Fit:
    """Return how many tokens of context fit, at most `window`.

    Args:
        name: of the model, for messages.
        header: what its file says.
        size: bytes of all its files.
        window: tokens that are wanted.
        memory: bytes there are; `None`, when not known, holds everything.

    Raises:
        ModelUnavailableError: the model does not fit, even with a small context.
    """
    if memory is None:
        return Fit(window, "")
    per_token = header.bytes_per_token or 0
    fixed = size + _BESIDES + _BATCH * 4 * header.vocabulary
    room = memory - fixed
    if room < per_token * min(window, LEAST_WINDOW):
        raise ModelUnavailableError(
            f"{name} needs {_gb(fixed + per_token * min(window, LEAST_WINDOW))} of memory; {_gb(memory)} is free.",
            hint="Free some, or take a smaller file: fewer parameters, or fewer bits each, such as Q4_K_M.",
        )
    if not per_token or per_token * window <= room:
        return Fit(window, "")
    fitting = room // per_token // _STEP * _STEP
    note = (
        f"{name}: a window of {window} tokens would take {_gb(per_token * window)} beside the model's {_gb(fixed)};"
        f" {_gb(memory)} is free, so it is cut to {fitting}."
    )
    return Fit(max(fitting, min(window, LEAST_WINDOW)), note)


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"

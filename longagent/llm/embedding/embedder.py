"""What every embedder does: turn texts into vectors whose direction says what they are about."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Kind = Literal["query", "passage"]
"""What a text is: some models put another prefix before what is looked for than before what is looked through."""


class Embedder(Protocol):
    """Turns texts into vectors of length 1. Called in worker threads, perhaps in several at once."""

    @property
    def name(self) -> str:
        """As the user names it."""
        ...

    @property
    def identity(self) -> str:
        """What decides its vectors: vectors are kept under it, and those of another are never compared with them."""
        ...

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO codes of the languages it was made for; `None`: not known, taken to be all."""
        ...

    def embed(self, texts: Sequence[str], kind: Kind = "passage") -> NDArray[np.float32]:
        """Return a row for each text; a text in which it finds nothing has a row of zeros.

        Raises:
            ModelError: a server could not be reached, or refused.
        """
        ...


def normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows of length 1; those of zeros, or with something in them that is no number, become zeros."""
    rows = np.nan_to_num(rows, copy=True, nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    normal: NDArray[np.float32] = np.divide(rows, lengths, dtype=np.float32)
    return normal

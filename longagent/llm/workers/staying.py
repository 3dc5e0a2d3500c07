"""Workers that live as long as the command that started them."""

from collections.abc import Callable, Sequence
from time import sleep

from longagent.llm.workers.log import tail
from longagent.llm.workers.record import Worker
from longagent.llm.workers.troubles import Trouble, explain

_SLICE = 0.2


def stay_with(workers: Sequence[Worker], *, died: Callable[[Worker, Trouble], None]) -> None:
    """Return when no worker is left; `died` is told of each that ends."""
    left = list(workers)
    while left:
        for worker in [worker for worker in left if not worker.lives]:
            left.remove(worker)
            died(worker, explain(tail(worker.log)))
        sleep(_SLICE)

"""Where the beginnings of prompts were computed last: there they lie in a server's cache."""

from collections import OrderedDict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from longagent.llm.routing import SLACK, WARM_SLACK, preferred, ranked

_KEPT = 10_000
"""Prefixes remembered: no server's cache holds more, and all of them take a few megabytes."""


@dataclass(slots=True)
class _Prefix:
    """What is known about one."""

    order: tuple[str, ...]
    """All servers, as it prefers them."""
    last: str | None = None
    """Which of them computed it last."""
    lent: bool = False
    """Whether that was because the first in order was out."""


class Prefixes:
    """Remembers which server computed each prefix last: that is the best choice from then on.

    It may be another than the first in order, which was too busy at the time. What other processes know is the order
    alone, and that tells them right most of the time.
    """

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = tuple(servers)
        self._known: OrderedDict[str, _Prefix] = OrderedDict()

    def order(self, key: str, usable: Container[str], loads: Mapping[str, int]) -> list[str]:
        """Return the usable servers in the order in which a call should try them.

        Args:
            key: of its prefix.
            usable: the servers that work; at least one.
            loads: what each has to do, in calls.
        """
        prefix = self._known.get(key)
        if prefix is None:
            prefix = self._known[key] = _Prefix(ranked(key, self._servers))
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        order, last = [server for server in prefix.order if server in usable], prefix.last
        if last is None or last not in usable:
            return preferred(order, loads, slack=SLACK)
        if last != order[0]:
            order.remove(last)
            order.insert(0, last)
        return preferred(order, loads, slack=WARM_SLACK)

    def computes(self, key: str, server: str, usable: Container[str]) -> None:
        """Note that a server begins to compute a prefix; `usable` are those that work."""
        prefix = self._known.get(key)
        if prefix is not None and prefix.last != server:
            prefix.last = server
            prefix.lent = prefix.order[0] not in usable

    def take_back(self, server: str) -> None:
        """Let a server that was out have those again that are its own and went elsewhere meanwhile, and no others."""
        for prefix in self._known.values():
            if prefix.lent and prefix.order[0] == server:
                prefix.last, prefix.lent = None, False

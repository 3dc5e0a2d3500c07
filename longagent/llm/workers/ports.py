"""Ports for workers, held from when they are chosen until the server listens, so that no two starts share one."""

import socket
import sys
from collections.abc import Collection
from contextlib import ExitStack
from urllib.parse import urlsplit

from longagent.errors import UsageError

# Below those that systems give to outgoing connections, any of which could take a port before vLLM does.
_FIRST, _LAST = 18100, 18999


def choose_ports(count: int, *, first: int | None, taken: Collection[int], held: ExitStack) -> tuple[int, ...]:
    """Return free ports, one for each worker.

    Args:
        count: how many.
        first: of consecutive ones; `None`: any that are free.
        taken: by workers that may not listen yet.
        held: nobody else who starts workers gets these ports until it is closed, whatever folder theirs are kept in.

    Raises:
        UsageError: one of those that were named is in use, or none is left.
    """
    if first is not None:
        if first + count - 1 > 65535:
            raise UsageError(f"There are no {count} ports from {first} on.")
        ports = range(first, first + count)
        for port in ports:
            if port in taken or not _take(port, held):
                raise UsageError(f"Port {port} is in use.", hint="Give another --port, or none: a free one is found.")
        return tuple(ports)
    found: list[int] = []
    for port in range(_FIRST, _LAST + 1):
        if len(found) == count:
            break
        if port not in taken and _take(port, held):
            found.append(port)
    if len(found) < count:
        raise UsageError(f"Too few ports are free between {_FIRST} and {_LAST}.", hint="Give --port.")
    return tuple(found)


def port_of(url: str) -> int:
    """Return the port of a worker's address; 0 if it has none."""
    try:
        return urlsplit(url).port or 0
    except ValueError:
        return 0


def _take(port: int, held: ExitStack) -> bool:
    return _hold(port, held) and _free(port)


def _hold(port: int, held: ExitStack) -> bool:
    """Whether no other start has a port in hand."""
    if sys.platform != "linux":
        return True
    # vLLM binds its port seconds after it was chosen, and listens minutes later; a socket of ours on the port itself
    # would be in its way. Names that begin with a zero byte are no files, and belong to one process until it ends.
    holder = held.enter_context(socket.socket(socket.AF_UNIX))
    try:
        holder.bind(f"\0longagent-port-{port}")
    except OSError:
        return False
    return True


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As vLLM does: connections that were closed a moment ago do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

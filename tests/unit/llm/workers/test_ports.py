import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from longagent.errors import UsageError
from longagent.llm.workers.ports import choose_ports, port_of


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_free_ones_that_no_worker_has(held: ExitStack) -> None:
    one, two = choose_ports(2, first=None, taken=(), held=held)
    assert one != two
    held.close()
    assert not set(choose_ports(2, first=None, taken={one, two}, held=held)) & {one, two}


def test_those_of_another_start_are_held_until_its_end(held: ExitStack) -> None:
    with ExitStack() as other:
        (port,) = choose_ports(1, first=None, taken=(), held=other)
        assert port not in choose_ports(1, first=None, taken=(), held=held)
        with pytest.raises(UsageError, match=f"Port {port} is in use"):
            choose_ports(1, first=port, taken=(), held=held)


def test_one_that_is_listened_on_is_not_free(held: ExitStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} is in use"):
            choose_ports(1, first=port, taken=(), held=held)


def test_one_that_a_worker_will_listen_on_is_not_free(held: ExitStack) -> None:
    with pytest.raises(UsageError, match="Port 19876 is in use"):
        choose_ports(1, first=19876, taken={19876}, held=held)
    with pytest.raises(UsageError, match="There are no 2 ports"):
        choose_ports(2, first=65535, taken=(), held=held)


def test_the_port_of_an_address() -> None:
    assert port_of("http://127.0.0.1:18100/v1") == 18100
    assert port_of("http://127.0.0.1:x/v1") == 0

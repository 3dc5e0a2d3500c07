import socket

import pytest

from longagent.errors import UsageError
from longagent.llm.workers.ports import choose_ports, port_of


def test_free_ones_that_no_worker_has() -> None:
    one, two = choose_ports(2, first=None, taken=())
    assert one != two
    assert not set(choose_ports(2, first=None, taken={one, two})) & {one, two}


def test_one_that_is_listened_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} is in use"):
            choose_ports(1, first=port, taken=())


def test_consecutive_ones_from_the_first() -> None:
    (first,) = choose_ports(1, first=None, taken=())
    assert choose_ports(1, first=first, taken=()) == (first,)
    with pytest.raises(UsageError, match="in use"):
        choose_ports(1, first=first, taken={first})
    with pytest.raises(UsageError, match="There are no 2 ports"):
        choose_ports(2, first=65535, taken=())


def test_the_port_of_an_address() -> None:
    assert port_of("http://127.0.0.1:18100/v1") == 18100
    assert port_of("http://127.0.0.1:x/v1") == 0

import stat
from pathlib import Path

import pytest

from longagent.store.lock import exclusive


def test_only_one_holds_it_and_it_is_free_afterwards(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    for _ in range(2):
        held, again = exclusive(path, seconds=0), exclusive(path, seconds=0.05)
        with held, pytest.raises(TimeoutError, match="another process"), again:
            pytest.fail("held twice")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(LookupError), exclusive(tmp_path / ".lock", seconds=0):
        raise LookupError
    with exclusive(tmp_path / ".lock", seconds=0):
        pass

"""The secret of an installation."""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_IMODE

import pytest

from longagent.store.secret import install_secret


def test_it_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    secret = install_secret(tmp_path / "state")
    assert len(secret) == 32
    assert install_secret(tmp_path / "state") == secret
    assert install_secret(tmp_path / "other") != secret
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["secret"]
    if os.name == "posix":
        assert S_IMODE((tmp_path / "state" / "secret").stat().st_mode) == 0o600


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: install_secret(tmp_path), range(64)))) == 1


def test_one_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    secret = install_secret(tmp_path)
    assert len(secret) == 32
    assert install_secret(tmp_path) == secret


def test_where_it_cannot_be_kept_there_is_one_for_this_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING, "longagent"):
        secret = install_secret(tmp_path / "file")
    assert len(secret) == 32
    assert install_secret(tmp_path / "file") == secret
    assert "No secret can be kept" in caplog.text
    assert secret.hex() not in caplog.text

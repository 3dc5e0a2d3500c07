"""The person at the terminal is asked for a password, and nobody else."""

import io

import pytest

from longagent.cli import unlocking
from longagent.errors import LockedSourceError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(password: str | None) -> str:
    if password != "right":
        raise LockedSourceError("a.pdf", "is password-protected.")
    return "read"


def answer(monkeypatch: pytest.MonkeyPatch, *passwords: str, terminal: type[io.StringIO] = Terminal) -> None:
    monkeypatch.setattr("sys.stdin", terminal())
    monkeypatch.setattr("sys.stderr", terminal())
    left = iter(passwords)
    monkeypatch.setattr(unlocking, "getpass", lambda *_args, **_more: next(left))


def test_a_wrong_one_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "wrong", "right")
    assert unlocking.unlocked(work) == "read"


@pytest.mark.parametrize("given", [[""], ["wrong", "wrong", "wrong"]])
def test_one_may_give_up(monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    answer(monkeypatch, *given)
    with pytest.raises(LockedSourceError):
        unlocking.unlocked(work)


def test_a_program_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, terminal=io.StringIO)
    with pytest.raises(LockedSourceError):
        unlocking.unlocked(work)

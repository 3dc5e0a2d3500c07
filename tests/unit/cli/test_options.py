"""`KEY=VALUE` as it is given on a command line."""

import pytest

from longagent.cli.options import pairs
from longagent.errors import UsageError


def test_pairs_are_read() -> None:
    given = ["chunk-tokens=300", " paths = 2 ", "note=a=b", "paths=3"]
    assert pairs("-S", given, form="KEY=VALUE") == {"chunk_tokens": "300", "paths": "3", "note": "a=b"}


@pytest.mark.parametrize("pair", ["paths", "=3", "paths=", " = "])
def test_another_form_is_refused_with_the_option_s_name(pair: str) -> None:
    with pytest.raises(UsageError, match=r"--role-model '.*' is not ROLE=MODEL"):
        pairs("--role-model", [pair], form="ROLE=MODEL")

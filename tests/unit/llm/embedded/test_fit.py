"""A context that does not fit into memory is not asked for."""

from pathlib import Path

import pytest
from support.gguf import write_gguf

from longagent.errors import ModelUnavailableError
from longagent.llm.embedded.fit import Fit, fit
from longagent.llm.embedded.header import Header, read_header

SIZE = 4_900_000_000


@pytest.fixture
def header(tmp_path: Path) -> Header:
    return read_header(write_gguf(tmp_path / "m.gguf"))  # 131,072 bytes a token


def fitting(header: Header, window: int, memory: int | None) -> Fit:
    return fit("local/m.gguf", header, size=SIZE, window=window, memory=memory)


def test_what_fits_is_given(header: Header) -> None:
    assert fitting(header, 8192, 8_000_000_000) == (8192, "")
    assert fitting(header, 131_072, 64_000_000_000) == (131_072, "")
    # Where nobody knows how much there is, nobody is hindered.
    assert fitting(header, 131_072, None) == (131_072, "")


def test_what_does_not_is_cut_and_said(header: Header) -> None:
    window, note = fitting(header, 131_072, 8_000_000_000)
    assert window == 19_968
    assert window % 512 == 0
    assert SIZE + window * 131_072 < 8_000_000_000
    assert note == (
        "local/m.gguf: a window of 131072 tokens would take 17.2 GB beside the model's 5.3 GB; 8.0 GB is free, so it is"
        " cut to 19968."
    )


def test_a_model_that_does_not_fit_is_refused(header: Header) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        fitting(header, 131_072, 5_000_000_000)
    assert str(caught.value).startswith("local/m.gguf needs 5.6 GB of memory; 5.0 GB is free. Free some, or take a")
    # A window smaller than the least is what its user wanted.
    assert fitting(header, 512, 5_400_000_000) == (512, "")


def test_a_header_that_does_not_say_what_a_token_takes_leaves_the_file_to_be_judged(tmp_path: Path) -> None:
    silent = read_header(write_gguf(tmp_path / "m.gguf", {}))
    assert fitting(silent, 131_072, 6_000_000_000) == (131_072, "")
    with pytest.raises(ModelUnavailableError):
        fitting(silent, 131_072, 4_000_000_000)

from pathlib import Path

import pytest

from longagent.llm.workers.log import followed, last_lines, stage, tail

AT = "(Worker pid=6422) INFO 11-25 16:12:15 [cpu_model_runner.py:68] "


@pytest.mark.parametrize(
    ("log", "at"),
    [
        ("", ""),
        (f"{AT}Starting to load model /m...\n", "loading the model"),
        ("\rLoading safetensors checkpoint shards:  50% Completed | 1/2\rno words", "loading weights, 50 %"),
        (f"{AT}Warming up model for the compilation...\n[W] shm_broadcast\n", "compiling and warming up"),
        (
            f"{AT}GPU KV cache size: 1,000\nCapturing CUDA graphs (decode): 20%|#\n",
            "capturing CUDA graphs, 20 %",
        ),
        (
            "'[Errno -2] Name or service not known' thrown while requesting GET https://hub\nRetrying in 2s …\n",
            "the hub does not answer, it is asked again",
        ),
        (f"{AT}Starting vLLM server on http://127.0.0.1:1\n", "opening the server"),
    ],
)
def test_how_far_a_start_is(log: str, at: str) -> None:
    assert stage(log) == at


def test_the_end_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log) == ""
    assert last_lines(log, 3) == ()
    log.write_bytes(b"one\ntwo\xff\nthree\n")
    assert tail(log, size=8) == "three\n"
    assert last_lines(log, 2) == ("two�", "three")
    assert last_lines(log, 0) == ()


def test_a_log_is_followed_until_its_writer_has_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")
    later = iter(["thr", "ee\nfour\rfi", "ve"])

    def alive() -> bool:
        text = next(later, None)
        with log.open("a") as file:
            file.write(text or "")
        return text is not None

    assert list(followed(log, 1, alive=alive)) == ["two", "three", "four", "five"]

"""`longagent workers` with a fake vLLM: real processes, real HTTP, no model and no GPU."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.vllm_home import VllmHome, wait_for
from support.vllm_logs import DEATHS


@pytest.fixture
def home(tmp_path: Path) -> Iterator[VllmHome]:
    made = VllmHome(tmp_path)
    yield made
    made.clear()


def test_one_server_for_each_gpu_seen_and_stopped(home: VllmHome) -> None:
    done = home.run("start", "Qwen/Qwen3-8B", "--", "--max-num-seqs", "8", OPENAI_API_KEY="sk-secret", HF_TOKEN="hf")
    assert done.code == 0, done.err
    assert [line.split()[0] for line in done.out.splitlines()] == ["qwen3-8b-1", "qwen3-8b-2"]
    assert "--model vllm/Qwen3-8B" in done.err
    calls = home.called()
    assert [call["env"]["CUDA_VISIBLE_DEVICES"] for call in calls] == ["0", "1"]
    assert len({call["argv"][call["argv"].index("--port") + 1] for call in calls}) == 2
    for call in calls:
        assert call["argv"][:2] == ["serve", "Qwen/Qwen3-8B"]
        assert {"--enable-prefix-caching", "--enable-prompt-tokens-details", "--max-num-seqs"} <= set(call["argv"])
        assert call["env"]["VLLM_NO_USAGE_STATS"] == "1"
        assert call["env"]["HF_TOKEN"] == "hf"
        assert not any(name.startswith("LONGAGENT_") or name == "OPENAI_API_KEY" for name in call["env"])
    logs = sorted(home.folder.glob("*.log"))
    assert [log.stat().st_mode & 0o777 for log in logs] == [0o600, 0o600]

    found = home.run("status", "--json").json
    assert [(one["name"], one["state"], one["gpus"], one["window"]) for one in found] == [
        ("qwen3-8b-1", "ready", [0], 4096),
        ("qwen3-8b-2", "ready", [1], 4096),
    ]
    assert (found[0]["running"], found[0]["waiting"], found[0]["cache_usage"]) == (2, 1, 0.25)
    assert found[0]["prefix_hit_rate"] == 0.9
    assert "90%" in home.run("status").out

    shown = home.run("logs", "qwen3-8b-1", "-n", "2").out.splitlines()
    assert len(shown) == 2
    assert "\\x1b[31mcoloured" in shown[1]

    other = home.run("start", "Qwen/Qwen3-8B", "--", "--quantization", "fp8")
    assert other.code == 2
    assert "Worker qwen3-8b-1 serves 'Qwen3-8B' already, with other flags or other weights." in other.err
    full = home.run("start", "Qwen/Qwen3-8B", "--", "--max-num-seqs", "8")
    assert (full.code, len(home.records())) == (2, 2)
    assert "Every GPU has a worker already (qwen3-8b-1, qwen3-8b-2)" in full.err

    wrong = home.run("stop", "qwen3-8b-3")
    assert wrong.code == 2
    assert "Did you mean 'qwen3-8b-" in wrong.err
    stopped = home.run("stop", "--all")
    assert (stopped.code, stopped.err) == (0, "longagent: stopped: qwen3-8b-1, qwen3-8b-2\n")
    assert (home.living(), home.records()) == ([], [])


def test_another_start_adds_to_the_pool(home: VllmHome) -> None:
    assert home.run("start", "org/smol", "--gpus", "0").code == 0
    more = home.run("start", "org/smol", "--json")
    assert more.code == 0
    assert "smol is served by smol-1 already" in more.err
    assert [(one["name"], one["gpus"]) for one in more.json] == [("smol-2", [1])]
    other = home.run("start", "another/smol", "--cpu")
    assert other.code == 2
    assert "Worker smol-1 serves org/smol (chat) as 'smol' already" in other.err
    assert home.run("stop", "smol-1").code == 0
    assert [record["name"] for record in home.records()] == ["smol-2"]
    assert [status.state for status in home.look()] == ["ready"]


def test_two_who_start_at_once_do_not_get_in_each_others_way(home: VllmHome) -> None:
    both = [home.begin("start", "org/smol", "--cpu", "--quiet") for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len({record["url"] for record in home.records()}) == 2
    assert [record["name"] for record in home.records()] == ["smol-1", "smol-2"]


def test_one_server_of_two_gpus(home: VllmHome) -> None:
    wanted = ["--tensor-parallel", "2", "--max-model-len", "1000", "--memory-fraction", "0.5", "--task", "embed"]
    done = home.run("start", "org/big", *wanted, "--served-name", "vectors", "--json")
    assert done.code == 0, done.err
    (one,) = done.json
    assert (one["gpus"], one["served"], one["task"], one["window"]) == ([0, 1], "vectors", "embed", 1000)
    assert "longagent ask … --embedder vllm/vectors" in done.err
    (call,) = home.called()
    assert call["env"]["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert call["argv"][call["argv"].index("--runner") + 1] == "pooling"


def test_on_the_cpu(home: VllmHome) -> None:
    done = home.run("start", "org/smol", "--cpu", "--replicas", "2", "--offline", VLLM_CPU_KVCACHE_SPACE="3")
    assert done.code == 0, done.err
    for call in home.called():
        assert call["env"]["CUDA_VISIBLE_DEVICES"] == ""
        assert call["env"]["VLLM_CPU_KVCACHE_SPACE"] == "3"
        assert call["env"]["VLLM_CPU_OMP_THREADS_BIND"]
        assert call["env"]["HF_HUB_OFFLINE"] == "1"


def test_one_that_dies_takes_the_others_along(home: VllmHome, tmp_path: Path) -> None:
    death = DEATHS["out-of-memory"]
    (tmp_path / "death").write_text(death.log)
    dies = {"FAKE_VLLM_DIES": str(tmp_path / "death"), "FAKE_VLLM_DIES_ON": "1"}
    done = home.run("start", "org/smol", FAKE_VLLM_WAITS=str(tmp_path / "never"), **dies)
    assert (done.code, done.out) == (1, "")
    assert "Worker smol-2 did not start: the GPU's memory is too small for the model." in done.err
    log = home.folder / "smol-2.log"
    assert f"Its log: {log}" in done.err
    assert "CUDA out of memory" in log.read_text()
    assert (home.living(), home.records()) == ([], [])


def test_what_vllm_does_not_know(home: VllmHome) -> None:
    done = home.run("start", "org/smol", "--gpus", "0", "--", "--no-such-flag")
    assert done.code == 1
    assert "vLLM does not know --no-such-flag" in done.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_they_start_leaves_nothing(home: VllmHome, tmp_path: Path, number: signal.Signals) -> None:
    process = home.begin("start", "org/smol", FAKE_VLLM_WAITS=str(tmp_path / "never"))
    wait_for(lambda: len(home.called()) == 2)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Interrupted." in err
    assert (home.living(), home.records()) == ([], [])


def test_one_whose_starter_was_killed_is_found_when_it_is_ready(home: VllmHome, tmp_path: Path) -> None:
    process = home.begin("start", "org/smol", "--gpus", "0", FAKE_VLLM_WAITS=str(tmp_path / "go"))
    wait_for(lambda: len(home.called()) == 1)
    process.kill()
    process.wait()
    wait_for(lambda: [(one.state, one.why) for one in home.look()] == [("starting", "loading weights, 100 %")])
    (tmp_path / "go").touch()
    wait_for(lambda: [one.state for one in home.look()] == ["ready"])
    (record,) = home.records()
    assert (record["ready"], record["window"]) == (True, 4096)


def test_one_that_died_is_shown_and_its_record_goes_at_stop(home: VllmHome) -> None:
    assert home.run("start", "org/smol", "--gpus", "0").code == 0
    server, engine = home.pids()
    with (home.folder / "smol-1.log").open("a") as log:
        log.write(DEATHS["compiler"].log)
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: home.living() == [engine])
    (one,) = home.run("status", "--json").json
    assert (one["state"], one["running"]) == ("dead", None)
    assert one["why"].startswith("vLLM needs a C++ compiler")
    assert home.run("stop", "smol-1").code == 0
    assert (home.living(), home.records()) == ([], [])


def test_they_stop_with_the_command_that_stays(home: VllmHome) -> None:
    process = home.begin("start", "org/smol", "--until-exit")
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"smol-1")
    assert process.stdout.readline().startswith(b"smol-2")
    assert len(home.living()) == 4
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert (home.living(), home.records()) == ([], [])


def test_the_command_that_stays_ends_with_its_last_worker(home: VllmHome) -> None:
    process = home.begin("start", "org/smol", "--gpus", "1", "--until-exit")
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(home.pids()[0], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"worker smol-1 is gone" in err
    assert (home.living(), home.records()) == ([], [])


def test_a_log_is_followed_to_the_end_of_its_worker(home: VllmHome) -> None:
    assert home.run("start", "org/smol", "--gpus", "0").code == 0
    process = home.begin("logs", "smol", "--follow", "-n", "1")
    assert process.stdout is not None
    assert b"coloured" in process.stdout.readline()
    with (home.folder / "smol-1.log").open("a") as log:
        log.write("what came later\n")
    assert process.stdout.readline() == b"what came later\n"
    os.kill(home.pids()[0], signal.SIGKILL)
    assert process.wait(timeout=60) == 0


def test_what_is_no_model_starts_nothing(home: VllmHome) -> None:
    done = home.run("start", "--", "--trust-remote-code", "--host=0.0.0.0")
    assert (done.code, done.out, home.called(), home.records()) == (2, "", [], [])
    assert "'--trust-remote-code' is no model." in done.err


def test_a_gpu_whose_engine_outlived_its_server_is_not_free(home: VllmHome) -> None:
    assert home.run("start", "org/smol", "--gpus", "0").code == 0
    server, engine = home.pids()
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: home.living() == [engine])
    refused = home.run("start", "org/smol", "--gpus", "0")
    assert refused.code == 2
    assert "GPU 0 has a worker already (smol-1). Stop it;" in refused.err
    assert home.run("stop", "smol-1").code == 0
    assert home.living() == []

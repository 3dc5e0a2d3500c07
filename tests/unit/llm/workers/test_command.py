from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.llm.workers.command import Place, Wishes, check_flags, child_environment, command
from longagent.llm.workers.engine import Engine
from longagent.llm.workers.naming import Model

ENGINE = Engine(("/vllm/bin/vllm", "serve"), Path("/vllm/bin"))
WISHES = Wishes(model=Model("Qwen/Qwen3-8B", "Qwen3-8B"))


def test_on_a_gpu() -> None:
    assert command(ENGINE, WISHES, Place(port=18100, gpus=(0,))) == (
        "/vllm/bin/vllm",
        "serve",
        "Qwen/Qwen3-8B",
        "--enable-prompt-tokens-details",
        "--disable-uvicorn-access-log",
        "--enable-prefix-caching",
        *("--served-model-name", "Qwen3-8B"),
        *("--host", "127.0.0.1"),
        *("--port", "18100"),
    )


def test_all_that_can_be_wished_for() -> None:
    wishes = Wishes(
        model=Model("/m", "m"),
        task="embed",
        tensor=2,
        pipeline=3,
        window=4096,
        memory_fraction=0.85,
        flags=("--dtype", "half"),
    )
    engine = Engine(("python", "-m", "vllm.entrypoints.openai.api_server", "--model"), Path("/bin"))
    assert wishes.each == 6
    assert command(engine, wishes, Place(port=1))[3:] == (
        *("--model", "/m"),
        "--enable-prompt-tokens-details",
        "--disable-uvicorn-access-log",
        *("--runner", "pooling"),
        *("--tensor-parallel-size", "2"),
        *("--pipeline-parallel-size", "3"),
        *("--max-model-len", "4096"),
        *("--gpu-memory-utilization", "0.85"),
        *("--dtype", "half"),
        *("--served-model-name", "m"),
        *("--host", "127.0.0.1"),
        *("--port", "1"),
    )


def test_our_keys_are_not_handed_on() -> None:
    secret = ["OPENAI_API_KEY", "LONGAGENT_PASSWORD", "LONGAGENT_STATE_DIR", "GEMINI_API_KEY", "LANGFUSE_SECRET_KEY"]
    kept = ["HF_TOKEN", "CUDA_HOME", "VLLM_USE_V1", "HOME", "AWS_SECRET_ACCESS_KEY", "NCCL_DEBUG"]
    given = dict.fromkeys([*secret, *kept, "VLLM_API_KEY"], "x")
    child = child_environment(given, ENGINE, WISHES, Place(port=1, gpus=(2, 3)))
    assert set(child) & set(given) == set(kept)
    assert (child["CUDA_VISIBLE_DEVICES"], child["CUDA_DEVICE_ORDER"]) == ("2,3", "PCI_BUS_ID")
    assert (child["VLLM_NO_USAGE_STATS"], child["DO_NOT_TRACK"], child["PATH"]) == ("1", "1", "/vllm/bin")
    assert "HF_HUB_OFFLINE" not in child


def test_on_the_cpu_what_the_user_set_stays() -> None:
    place = Place(port=1, cores="0,1", cache_gib=2)
    child = child_environment({"PATH": "/bin"}, ENGINE, Wishes(model=WISHES.model, offline=True), place)
    assert (child["VLLM_CPU_OMP_THREADS_BIND"], child["VLLM_CPU_KVCACHE_SPACE"]) == ("0,1", "2")
    assert (child["HF_HUB_OFFLINE"], child["CUDA_VISIBLE_DEVICES"], child["PATH"]) == ("1", "", "/vllm/bin:/bin")
    given = {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_CPU_KVCACHE_SPACE": "9"}
    assert given.items() <= child_environment(given, ENGINE, WISHES, place).items()


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(model=WISHES.model, memory_fraction=0.5),
        Wishes(model=WISHES.model, flags=("--kv_cache_memory_bytes=2g",)),
    ],
)
def test_on_the_cpu_memory_is_said_once(wishes: Wishes) -> None:
    assert "VLLM_CPU_KVCACHE_SPACE" not in child_environment({}, ENGINE, wishes, Place(port=1, cache_gib=2))


@pytest.mark.parametrize("flag", ["--host", "--port=1", "--served_model_name", "-tp", "-dp=2", "--api-key", "--uds"])
def test_where_and_as_what_it_serves_is_ours_to_say(flag: str) -> None:
    with pytest.raises(UsageError, match="is not passed on to vLLM: "):
        check_flags(["--dtype", "half", flag, "x"])


def test_flags() -> None:
    assert check_flags(["--dtype", "half", "-O3"]) == ("--dtype", "half", "-O3")
    assert check_flags([]) == ()
    with pytest.raises(UsageError, match="one argument too many"):
        check_flags(["stray"])

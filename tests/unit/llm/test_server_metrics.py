import pytest

from longagent.llm.server_metrics import ServerMetrics, read_metrics

# As vLLM 0.32 writes it, shortened; the second engine is that of a data-parallel server.
VLLM = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a {strange} name"} 2.0
vllm:num_requests_running{engine="1",model_name="a {strange} name"} 1.0
vllm:num_requests_waiting{engine="0",model_name="a {strange} name"} 0.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="smol",reason="capacity"} 7.0
vllm:kv_cache_usage_perc{engine="0",model_name="smol"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="smol"} 0.5
# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="smol"} 1.2e+03
vllm:prefix_cache_queries_created{engine="0",model_name="smol"} 1.79e+09
vllm:prefix_cache_hits_total{engine="0",model_name="smol"} 900.0
vllm:external_prefix_cache_hits_total{engine="0",model_name="smol"} 5.0
"""


def test_what_vllm_tells() -> None:
    told = ServerMetrics(prefix_hits=900, prefix_queries=1200, running=3, waiting=0, kv_usage=0.5)
    assert read_metrics(VLLM) == told
    assert told.hit_rate == 0.75


def test_what_llama_cpp_and_sglang_tell() -> None:
    assert read_metrics("llamacpp:requests_processing 1\nllamacpp:requests_deferred 4 1764000000\n") == ServerMetrics(
        running=1, waiting=4
    )
    assert read_metrics('sglang:token_usage{tp_rank="0"} 0.1\r\n') == ServerMetrics(kv_usage=0.1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html><body>vllm:num_requests_running</body></html>",
        "vllm:num_requests_running",
        "vllm:num_requests_running NaN\nvllm:num_requests_waiting +Inf\nvllm:kv_cache_usage_perc -1",
        'vllm:num_requests_running{model_name="smol" 3',
        "vllm:num_requests_running three",
    ],
)
def test_what_cannot_be_read_is_not_there(text: str) -> None:
    assert read_metrics(text) == ServerMetrics()


def test_no_rate_before_the_first_prompt() -> None:
    assert ServerMetrics(prefix_hits=0, prefix_queries=0).hit_rate is None
    assert ServerMetrics(prefix_queries=100).hit_rate is None

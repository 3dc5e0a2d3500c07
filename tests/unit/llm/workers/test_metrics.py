from longagent.llm.workers.metrics import Metrics, parse_metrics

TEXT = """# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a \\"b\\" {c} 7"} 3.0
vllm:num_requests_running{engine="1",model_name="m"} 1.0
vllm:num_requests_waiting{engine="0",model_name="m"} 0.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="m",reason="capacity"} 9.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.125
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 1.2e+06
vllm:prefix_cache_queries_created{engine="0",model_name="m"} 1.7e+09
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 900000.0
vllm:external_prefix_cache_hits_total{engine="0",model_name="m"} 5.0
"""


def test_what_vllm_counts() -> None:
    metrics = parse_metrics(TEXT)
    assert metrics == Metrics(4, 0, 0.125, 1_200_000, 900_000)
    assert metrics.hit_rate == 0.75


def test_what_is_not_there_is_unknown() -> None:
    assert parse_metrics("<html>\nvllm:num_requests_running NaN\nvllm:num_requests_waiting x\n") == Metrics()
    assert Metrics(prefix_queries=0, prefix_hits=0).hit_rate is None

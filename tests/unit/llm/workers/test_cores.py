from longagent.llm.workers.cores import cache_gib, split_cores


def test_cores_are_split_evenly() -> None:
    assert split_cores((0, 1), replicas=1, each=1) == ("0,1",)
    assert split_cores((0, 1), replicas=2, each=1) == ("0", "1")
    assert split_cores((0, 2, 4, 6, 8), replicas=2, each=1) == ("0,2", "4,6,8")
    assert split_cores((0, 1, 2, 3), replicas=1, each=2) == ("0,1|2,3",)


def test_more_workers_than_cores_share_them() -> None:
    assert split_cores((0, 1), replicas=3, each=1) == ("0", "1", "0")


def test_memory_for_keys_and_values() -> None:
    assert cache_gib(24 * 2**30, replicas=2) == 3
    assert cache_gib(2 * 2**30, replicas=2) == 1
    assert cache_gib(2**40, replicas=1) == 32
    assert cache_gib(None, replicas=1) == 1

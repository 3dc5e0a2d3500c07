"""How notes are grouped and chosen, and that plans promise no fewer calls than merging takes."""

from random import Random

import pytest

from longagent.graphs.notes.collapse import Sized, pack, surest
from longagent.graphs.notes.plan import Level, levels
from longagent.graphs.notes.state import Note


def sized(*tokens: int) -> list[Sized]:
    return [Sized(Note(chunks=[k], text=str(k), confidence=None), size) for k, size in enumerate(tokens)]


def rated(*confidences: float | None) -> list[Sized]:
    notes = (Note(chunks=[k], text="", confidence=sure) for k, sure in enumerate(confidences))
    return [Sized(note, 10) for note in notes]


@pytest.mark.parametrize(
    ("tokens", "groups"),
    [
        ([], []),
        ([5], [[5]]),
        ([40, 40, 40], [[40, 40], [40]]),
        ([10] * 12, [[10] * 10, [10] * 2]),
        ([50, 50, 1, 99, 1], [[50, 50], [1, 99], [1]]),
        ([90, 90, 90], [[90, 90], [90]]),  # two at least: else nothing would become fewer
    ],
)
def test_neighbours_are_grouped_as_many_as_fit(tokens: list[int], groups: list[list[int]]) -> None:
    packed = pack(sized(*tokens), 100)
    assert [[each.tokens for each in group] for group in packed] == groups
    assert [each.note["chunks"][0] for group in packed for each in group] == list(range(len(tokens)))


def test_the_surest_are_kept_in_their_order_and_of_equals_the_earlier() -> None:
    kept = surest(rated(1, 5, 3, None, 3, 5), 40)
    assert [note["chunks"][0] for note in kept] == [1, 2, 4, 5]
    assert [note["chunks"][0] for note in surest(rated(3, 1, None, 3), 30)] == [0, 2, 3]
    assert [note["chunks"][0] for note in surest(rated(3, 3), 15)] == [0]
    assert surest(rated(3), 5) == []


def test_levels_of_merging() -> None:
    assert list(levels(3, 2, 3)) == []
    assert list(levels(0, 2, 1)) == []
    assert list(levels(9, 3, 3)) == [Level(9, 3)]
    assert list(levels(10, 3, 3)) == [Level(10, 3), Level(4, 1)]  # the tenth is left over
    assert list(levels(400, 3, 3)) == [Level(400, 133), Level(134, 45), Level(45, 15), Level(15, 5), Level(5, 2)]


@pytest.mark.parametrize("seed", range(200))
def test_merging_never_takes_more_calls_than_planned(seed: int) -> None:
    random = Random(seed)
    note = random.randint(50, 200)
    room, answer = random.randint(2 * note, 8 * note), random.randint(note, 6 * note)
    notes = sized(*(random.randint(1, note) for _ in range(random.randint(1, 120))))
    planned = list(levels(len(notes), room // note, answer // note))
    calls = rounds = 0
    while sum(each.tokens for each in notes) > answer:
        groups = pack(notes, room)
        assert all(sum(each.tokens for each in group) <= room for group in groups)
        calls += sum(len(group) > 1 for group in groups)
        rounds += 1
        notes = [
            group[0] if len(group) == 1 else Sized(group[0].note, random.randint(note // 2, note)) for group in groups
        ]
    assert calls <= sum(level.calls for level in planned)
    assert rounds <= len(planned)

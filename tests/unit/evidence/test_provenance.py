"""Which chunks the sentences of a rewritten memory rest on."""

import json
import random
import time

import pytest

from longagent.evidence.provenance import Sourced, attribute

HARBOUR = "The harbour of Skagen was rebuilt in 1907 for 482,000 crowns. It holds forty boats in winter."
MAYOR = "Anna Holm became mayor of Skagen in 1911 and resigned after the fire. The school opened two years later."


def memory(*sentences: tuple[str, list[int]]) -> list[Sourced]:
    return [Sourced(text=text, chunks=chunks) for text, chunks in sentences]


def chunks_of(previous: list[Sourced], unit: str, chunk_text: str = "", chunk: int = 9) -> list[list[int]]:
    return [sentence["chunks"] for sentence in attribute(previous, unit, chunk=chunk, chunk_text=chunk_text)]


def test_new_sentences_belong_to_the_chunk() -> None:
    assert chunks_of([], "Skagen's harbour was rebuilt in 1907. Forty boats lie there in winter.", HARBOUR) == [
        [9],
        [9],
    ]


@pytest.mark.parametrize(
    "reworded",
    [
        "The harbour of Skagen was rebuilt in 1907 for 482,000 crowns.",
        "the HARBOUR of Skagen was rebuilt in 1907, for 482000 crowns",
        "In 1907 the Skagen harbour was reconstructed at a cost of 482,000 crowns.",
        "Skagen's harbour was rebuilt for 482,000 crowns.",
        "Rebuilding the harbor of Skagen in 1907 took 482,000 crowns.",
    ],
)
def test_what_is_repeated_or_reworded_inherits(reworded: str) -> None:
    previous = memory(("The harbour of Skagen was rebuilt in 1907 for 482,000 crowns.", [2, 5]), ("It rained.", [1]))
    assert chunks_of(previous, reworded, MAYOR) == [[2, 5]]


def test_words_that_are_new_add_the_chunk() -> None:
    previous = memory(("Anna Holm lived in Skagen.", [3]))
    assert chunks_of(previous, "Anna Holm, who lived in Skagen, became mayor in 1911.", MAYOR) == [[3, 9]]


def test_a_merged_sentence_inherits_from_all_it_merges() -> None:
    previous = memory(
        ("Anna Holm lived in Skagen. ", [3]), ("Her brother Peter sailed to Bergen. ", [5]), ("It rained in May.", [6])
    )
    unit = "Anna Holm lived in Skagen, while her brother Peter sailed to Bergen."
    assert chunks_of(previous, unit, "Nothing of the sort is told here.") == [[3, 5]]


def test_a_merged_sentence_inherits_what_it_rewords() -> None:
    previous = memory(
        ("Anna Holm lived in Skagen by the sea. ", [3]), ("Her brother Peter sailed to Bergen in May.", [5])
    )
    assert chunks_of(previous, "Anna Holm dwelt in Skagen and her brother Peter sailed for Bergen.") == [[3, 5]]


def test_a_short_sentence_is_recognised_inside_a_long_one() -> None:
    previous = memory(("Anna Holm lived in Skagen.", [3]))
    told = "The council of Copenhagen debated taxes, harbours, roads and schools for nine long hours."
    unit = "While the council of Copenhagen debated taxes, harbours, roads and schools, Anna Holm lived in Skagen."
    assert chunks_of(previous, unit, told) == [[3, 9]]


def test_of_two_sentences_that_hold_it_the_tighter_one_is_repeated() -> None:
    previous = memory(
        ("Anna Holm lived in Skagen with her brother Peter Krag. ", [2]), ("Anna Holm lived in Skagen.", [1])
    )
    assert chunks_of(previous, "Anna Holm had lived in Skagen.") == [[1]]


@pytest.mark.parametrize("previous", [[], memory(("The harbour was rebuilt in 1907.", [2]))])
def test_what_is_invented_rests_on_nothing(previous: list[Sourced]) -> None:
    assert chunks_of(previous, "Queen Margrethe opened a museum of amber in Odense.", HARBOUR + MAYOR) == [[]]


def test_words_scattered_over_a_long_chunk_carry_nothing() -> None:
    filler = "The weather stayed fine and people went about their work as they had always done on these days. " * 12
    words = ["The bishop slept.", "A bridge stood.", "Somebody sold apples.", "Copenhagen was far.", "Prices rose."]
    scattered = filler.join(words)
    invented = "The bishop sold the bridge in Copenhagen when prices rose."
    assert chunks_of([], invented, scattered) == [[]]
    assert chunks_of([], invented, filler + invented + filler) == [[9]]


def test_one_new_word_that_stands_somewhere_does_not_bring_the_chunk_in() -> None:
    previous = memory(("The council of Skagen sold the old lighthouse to Peter Krag in 1922.", [4]))
    unit = "The council of Skagen sold the ancient lighthouse to Peter Krag in 1922."
    assert chunks_of(previous, unit, "An ancient oak fell in the storm.") == [[4]]


def test_a_sentence_that_rested_on_nothing_may_rest_on_a_later_chunk() -> None:
    told = "Forty boats lie in Skagen in winter."
    previous = attribute([], told, chunk=0, chunk_text="It rained.")
    assert [sentence["chunks"] for sentence in previous] == [[]]
    assert chunks_of(previous, told, HARBOUR) == [[9]]
    assert chunks_of(previous, told, MAYOR) == [[]]


def test_one_word_in_common_with_a_short_sentence_is_chance() -> None:
    previous = memory(("Skagen burned.", [3]))
    assert chunks_of(previous, "The fishermen of Skagen sold their herring in Hamburg.") == [[]]


def test_heavy_rewording_inherits_rather_than_loses() -> None:
    previous = memory(("The court ruled the merger of both banks unlawful.", [7]))
    assert chunks_of(previous, "Judges declared the banks' merger illegal.", HARBOUR) == [[7]]
    assert chunks_of(previous, "A court reporter bought yellow umbrellas downtown.", HARBOUR) == [[]]


def test_numbers_weigh_more_than_words() -> None:
    previous = memory(("The harbour cost the taxpayers of the town much money, namely 482,000 crowns by 1907.", [7]))
    assert chunks_of(previous, "Docks, cranes, sheds, roads, rails and walls swallowed 482,000 until 1907.") == [[7]]
    assert chunks_of(previous, "Docks, cranes, sheds, roads, rails and crowns swallowed the money.") == [[]]


def test_a_name_in_common_is_no_evidence() -> None:
    assert chunks_of([], "The Skagen harbour museum was opened by Queen Margrethe.", HARBOUR) == [[]]


@pytest.mark.parametrize(
    ("old", "text", "unit", "expected"),
    [
        (
            "雨林的大部分位于巴西，占雨林面积的60%。",
            "秘鲁占13%，哥伦比亚占10%。",
            "雨林大部分位于巴西，占面积的60%。",
            [[1]],
        ),
        ("雨林的大部分位于巴西。", "其次是秘鲁，占13%，哥伦比亚占10%。", "秘鲁占13%，哥伦比亚占10%。", [[9]]),
        ("雨林的大部分位于巴西。", "其次是秘鲁。", "巴黎是法国的首都。", [[]]),
        ("وُلد الشاعر في مدينة بغداد عام 1875.", "توفي الشاعر في القاهرة.", "ولد الشاعر في بغداد عام 1875.", [[1]]),
        (
            "وُلد الشاعر في مدينة بغداد.",
            "انتقل الرسام إلى القاهرة عام ١٩٢٠.",
            "انتقل الرسام إلى القاهرة عام 1920.",
            [[9]],
        ),
        ("Поэт родился в Москве в 1875 году.", "Он умер в Риме.", "В 1875 году в Москве родился поэт.", [[1]]),
    ],
)
def test_other_scripts(old: str, text: str, unit: str, expected: list[list[int]]) -> None:
    assert chunks_of(memory((old, [1])), unit, text) == expected


@pytest.mark.parametrize(
    "unit", ["", " \n ", "One.  Two three.\n\n- four\n- five 5\n", "  No. It is so.", "人。工 智。\n"]
)
def test_the_texts_joined_are_the_memory_and_all_of_it_is_json(unit: str) -> None:
    found = attribute(memory(("One. ", [4])), unit, chunk=3, chunk_text="Two three five 5")
    assert "".join(sentence["text"] for sentence in found) == (unit if unit.strip() else "")
    assert json.loads(json.dumps(found)) == found


FACTS = [
    f"{name} {surname} {deed} {place} in {1900 + 7 * number}."
    for number, (name, surname, deed, place) in enumerate(
        [
            ("Anna", "Holm", "rebuilt the harbour of", "Skagen"),
            ("Peter", "Krag", "bought a lighthouse near", "Ribe"),
            ("Maria", "Lund", "wrote a history of", "Bergen"),
            ("Otto", "Brandt", "painted the cathedral of", "Lübeck"),
            ("Ida", "Winther", "taught botany at", "Uppsala"),
        ]
    )
]
WAYS = [
    lambda fact: fact,
    lambda fact: "It is known that " + fact,
    lambda fact: fact.rstrip(".").rsplit(" in ", 1)[1].join(["In ", ", "]) + fact.rsplit(" in ", 1)[0] + ".",
    lambda fact: fact.replace("the ", "").rstrip(".") + ", as the text says.",
]


@pytest.mark.parametrize("seed", range(5))
def test_provenance_survives_fifty_rewritings(seed: int) -> None:
    chance = random.Random(seed)
    at = dict(zip(sorted(chance.sample(range(40), len(FACTS))), FACTS, strict=True))
    held: list[Sourced] = []
    known: dict[str, int] = {}
    for hop in range(50):
        chunk_text = f"Chapter {hop} tells of weather, cattle and roads. {at.get(hop, '')} The evening was quiet."
        if hop in at:
            known[at[hop]] = hop
        told = [chance.choice(WAYS)(fact) for fact in known]
        chance.shuffle(told)
        held = attribute(held, " ".join(told), chunk=hop, chunk_text=chunk_text)
    for hop, fact in at.items():
        surname = fact.split()[1]
        assert [sentence["chunks"] for sentence in held if surname in sentence["text"]] == [[hop]]


def test_does_not_take_a_time_that_grows_with_the_square_of_the_text() -> None:
    chunk_text = " ".join(f"Person{n} paid {n * 37} crowns for item {n % 211} at Market{n % 13}." for n in range(700))
    unit = " ".join(f"Person{n} paid {n * 37} crowns for item {n % 211}." for n in range(0, 700, 9))
    previous = attribute([], unit, chunk=0, chunk_text=chunk_text)
    began = time.perf_counter()
    attribute(previous, unit.replace("paid", "gave"), chunk=1, chunk_text=chunk_text)
    # A tenth of a second on an idle machine; the square would be minutes.
    assert time.perf_counter() - began < 2

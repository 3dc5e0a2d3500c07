import pytest

from longagent.evidence import is_abstention


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Not found.",
        "**Not found**",
        "N/A",
        "Unknown.",
        "No answer.",
        "Answer: not mentioned",
        "The document does not mention the number of GPUs.",
        "The passages provided do not contain any information about it.",
        "The text doesn’t say.",
        "The memory does not mention it.",
        "The summary does not contain this information.",
        "The answer is not in the memory.",
        "The provided context does not specify who the owner was, but it does name the dog.",
        "No relevant information was found in the passages.",
        "There is no mention of a dog in the text.",
        "The name is not given in the passages.",
        "The magnitude is not mentioned.",
        "I cannot answer this question.",
        "I’m sorry, but I don't have enough information.",
        "It cannot be determined from the text.",
        "The text does not hold it.",
        "This passage does not contain that.",
        "Not in this passage.",
        "The text above says nothing about this.",
        "No information about the harbour.",
        "No year is given.",
        "No encontrado.",
        "Keine Angabe.",
        "Нет данных.",
        "未找到",
        "文章没有提到。",
        "该文件未说明价格。",
        "本文には記載がありません。",
        "見つかりませんでした。",
        "No se menciona en el texto.",
    ],
)
def test_refusals(reply: str) -> None:
    assert is_abstention(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "The study did not find a significant effect.",
        "No, the company did not open a plant.",
        "The company did not provide guidance.",
        "The document does not use any personal data.",
        "Unknown Pleasures, by Joy Division.",
        "None of the three factories closed.",
        "They could not find the dog.",
        "The report does not contain it.",
        "The will says nothing about the house.",
        "No damage was found.",
        "No mention was made of it by the king.",
        "Not in the harbour.",
        "482,000 crowns",
        "The contract is not transferable.",
        "In 1999. The document does not mention the month.",
        "The memory of the machine does not exceed 8 GB.",
        "文章很短，没有问题。",
        "文件未经授权不得复制。",
        "彼は見つかりませんでしたと言った。",
        "word " * 100 + "is not mentioned in the text",
    ],
)
def test_answers_with_a_negation_are_answers(reply: str) -> None:
    assert not is_abstention(reply)

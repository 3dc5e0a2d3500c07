"""`auto`: which strategy a question is given to, decided by code before any call, with a reason one can print."""

from longagent.graphs.auto.choosing import COMFORTABLE, MOST_TOKENS, Chooser, length_of
from longagent.graphs.auto.question_type import Kind, Told, question_type
from longagent.graphs.auto.rules import RULES, Rule, Situation, Way, rule_for

__all__ = [
    "COMFORTABLE",
    "MOST_TOKENS",
    "RULES",
    "Chooser",
    "Kind",
    "Rule",
    "Situation",
    "Told",
    "Way",
    "length_of",
    "question_type",
    "rule_for",
]

"""Prompts are Markdown files beside their roles, filled in one pass: nothing in a document is ever a template."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources import files

from longagent.llm.model import Message

_SECTION = re.compile(r"^# (system|user)[ \t]*$", re.MULTILINE)
_SLOT = re.compile(r"\{([a-z_]+)\}")

_TEXT = 400
"""Characters from which it saves something that they were computed before."""

_ENDS = 1000
"""Characters at each end of a long text that stand for it, with its length: all of it would take 60 µs a call."""


@dataclass(frozen=True)
class Prompt:
    """A prompt of two sections with named slots."""

    name: str
    """Of ours, the path below `longagent/agents/`, without `.md`."""
    system: str
    user: str

    @classmethod
    def load(cls, name: str) -> "Prompt":
        """Read `agents/<name>.md`."""
        return cls.parse(name, files("longagent.agents").joinpath(f"{name}.md").read_text(encoding="utf-8"))

    @classmethod
    def parse(cls, name: str, source: str) -> "Prompt":
        """Read a text with a `# system` section, then a `# user` section."""
        _, *parts = _SECTION.split(source)
        sections = dict(zip(parts[::2], (text.strip() for text in parts[1::2]), strict=True))
        return cls(name, sections["system"], sections["user"])

    @cached_property
    def hash(self) -> str:
        """Identifies the wording; part of every key under which a reply is remembered."""
        return sha256(f"{self.system}\0{self.user}".encode()).hexdigest()[:16]

    def render(self, values: Mapping[str, str]) -> tuple[Message, ...]:
        """Fill the slots. Values are inserted as they are and never looked at again."""
        return (
            {"role": "system", "content": _fill(self.system, values).strip()},
            {"role": "user", "content": _fill(self.user, values).strip()},
        )

    def prefix(self, values: Mapping[str, str]) -> str:
        """Return what stands for the beginning that calls about the same chunk share; empty if there is none.

        That is everything up to the end of the first slot, where a text fills it: chunks come first in our prompts. A
        short one does not count, so that instructions that all calls have in common tie them to no server.
        """
        slot = _SLOT.search(self.user)
        if slot is None or len(text := values[slot.group(1)]) < _TEXT:
            return ""
        ends = text if len(text) <= 2 * _ENDS else f"{text[:_ENDS]}{len(text)}{text[-_ENDS:]}"
        # In the place of all that comes before.
        return sha256(f"{self.hash}{ends}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _fill(template: str, values: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda slot: values[slot.group(1)], template)

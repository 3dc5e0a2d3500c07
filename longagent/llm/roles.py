"""Which model plays which role."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from longagent.llm.model import Model


@dataclass(frozen=True)
class Models:
    """A model for every role, and others for some."""

    default: Model
    by_role: Mapping[str, Model] = field(default_factory=dict)

    def of(self, role: str) -> Model:
        """Return the model for a role, as `--role-model` names it."""
        return self.by_role.get(role, self.default)

    def each(self) -> list[Model]:
        """Return all of them."""
        return list(dict.fromkeys([self.default, *self.by_role.values()]))

"""How a model file is used, by the number of its parameters: how much it is given to read, and what it is trusted with.

A larger file is read with as any model is. What holds for the smallest was measured with the one that comes along
(docs/local-models.md); for those in between it is what `profile_for` assumes of a name that tells so many parameters.
"""

from longagent.llm.embedded.header import Header
from longagent.llm.model import Profile
from longagent.llm.profiles import SMALL, SMALL_READING_TOKENS

TINY = 3e8
"""Parameters below which a model is used as the one that comes along."""
READING_TOKENS = 270
"""Document tokens per call that a tiny model reads best: one passage. A second cost it 2 of 9 right look-ups."""
REPLY_TOKENS = 40
"""Length beyond which a tiny model rambles."""

_BETTER = "Better: -m PROVIDER/NAME, --base-url URL, or a larger file (longagent models pull)."


def profile_of(name: str, header: Header, *, window: int, identity: str) -> Profile:
    """Return how a model file is used.

    Args:
        name: of the model, for people.
        header: what the file says.
        window: tokens of prompt and reply together.
        identity: tells its weights from all others.
    """
    # The header of a first part counts its own part only; models that come in parts are large.
    parameters = header.parameters if header.parts == 1 else SMALL
    tiny, small = parameters < TINY, parameters < SMALL
    return Profile(
        window=window,
        abstains=not small,
        reading_tokens=READING_TOKENS if tiny else SMALL_READING_TOKENS if small else None,
        reply_tokens=REPLY_TOKENS if tiny else None,
        price=(0.0, 0.0),
        caveat=_caveat(name, parameters) if small else "",
        identity=identity,
    )


def _caveat(name: str, parameters: float) -> str:
    if parameters < TINY:
        return f"{name} is a very small model, often wrong. {_BETTER}"
    return f"{name} is a small model ({parameters / 1e6:.0f} million parameters): check what it says. {_BETTER}"

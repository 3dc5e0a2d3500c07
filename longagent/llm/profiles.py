"""What is known about a model by its name and LiteLLM's table; what a server or the user says wins over it."""

import re
from dataclasses import replace

from longagent.llm.dialect import THINKING_TOKENS
from longagent.llm.model import Profile
from longagent.llm.prices import ModelFacts

DEFAULT_WINDOW = 8192
"""For names that say nothing: nearly every model of the last years holds it."""

SMALL = 1e9
"""Parameters below which a model answers whatever it is asked, and reads only little well."""

SMALL_READING_TOKENS = 1200

# Window in tokens by name, first match wins. For open weights it is the length they were trained for without stretching
# tricks; a server may hold less, which is why its own word is asked first.
_WINDOWS: tuple[tuple[str, int], ...] = (
    (r"gpt-5[\w.]*-chat", 128_000),
    (r"gpt-5", 272_000),
    (r"gpt-4\.1", 1_047_576),
    (r"gpt-4o|gpt-4-turbo|gpt-4-\d+-preview", 128_000),
    (r"gpt-4-32k", 32_768),
    (r"gpt-4", 8_192),
    (r"gpt-3\.5-turbo-instruct", 4_096),
    (r"gpt-3\.5", 16_385),
    (r"gpt-oss", 131_072),
    (r"o1-(mini|preview)", 128_000),
    (r"o[134](-mini|-pro)?(-\d{4}|$)", 200_000),
    (r"claude-(3|sonnet|opus|haiku)", 200_000),
    (r"gemini-(1\.5|2\.)", 1_048_576),
    (r"llama-?3\.[123]", 131_072),
    (r"llama-?3", 8_192),
    (r"llama-?2", 4_096),
    (r"qwen-?(2\.5|3)", 32_768),
    (r"mistral-nemo", 128_000),
    (r"mistral-7b|mixtral-8x7b|mistral-small", 32_768),
    (r"mixtral-8x22b", 65_536),
    (r"gemma-?3-(270m|1b)", 32_768),
    (r"gemma-?3", 131_072),
    (r"gemma", 8_192),
    (r"phi-4", 16_384),
    (r"smollm2", 8_192),
    (r"smollm", 2_048),
)

# "0.5b", "135m"; not the 7b of "8x7b" (one expert) nor the 3b of "30b-a3b" (what is active).
_PARAMETERS = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([mb])(?![a-z0-9])")


def profile_for(name: str, *, window: int | None, facts: ModelFacts | None = None) -> Profile:
    """Return the profile of a model by its name, such as `openai/gpt-4o` or `Qwen/Qwen2.5-0.5B-Instruct`.

    Args:
        name: the last part, after slashes, is looked at.
        window: tokens of prompt and reply together as the user or the server says; `None`: judge by the name.
        facts: what a table of models says; for a window that is not given it wins over the name.
    """
    short = name.rsplit("/", 1)[-1].lower()
    facts = facts or ModelFacts()
    profile = Profile(window=window or facts.window or _window_by_name(short), price=facts.price)
    if facts.thinks:
        # The reply needs its share of both.
        room = min(profile.window // 4, (facts.max_output or profile.window) // 2)
        profile = replace(profile, thinking_tokens=min(THINKING_TOKENS, room))
    parameters = _parameters(short)
    if parameters is not None and parameters < SMALL:
        return replace(profile, abstains=False, reading_tokens=SMALL_READING_TOKENS)
    return profile


def _window_by_name(short: str) -> int:
    return next((window for pattern, window in _WINDOWS if re.search(f"(?<![a-z0-9]){pattern}", short)), DEFAULT_WINDOW)


def _parameters(short: str) -> float | None:
    """Return the number of parameters a name tells; the largest, for "14b-1m" speaks of a window of 1 M tokens."""
    sizes = [float(number) * (1e9 if unit == "b" else 1e6) for number, unit in _PARAMETERS.findall(short)]
    return max(sizes, default=None)

"""The one door to every model: a request goes in, a reply comes out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypedDict


class Message(TypedDict):
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A model call, complete: everything that can change the reply is in here."""

    messages: tuple[Message, ...]
    max_tokens: int
    """Cap of the reply."""
    temperature: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    """The whole reply is to be one of these. Where the server cannot see to that, any text may come."""
    schema: str | None = None
    """JSON schema, as JSON, that the reply is to keep to; likewise. Not beside `choices`."""
    logprobs: int | None = None
    """Alternatives to tell beside each token of the reply and its log-probability, 20 at most; `None`: none of it."""
    sample: int = 0
    """Distinguishes repeated calls that should stay separate samples."""
    role: str = ""
    """Name of the agent that asks; for progress and for per-role models."""
    prompt: str = ""
    """Hash of the prompt's wording."""
    check: "Callable[[Reply], object] | None" = field(default=None, compare=False, repr=False)
    """Raises `ReplyError` on a reply that cannot be used; such a reply is never remembered for other runs."""
    final: bool = field(default=False, compare=False)
    """Whether it writes the answer: a budget always keeps room for it."""
    prefix: str = field(default="", compare=False)
    """Stands for what the prompt begins with, where other calls begin likewise: they go where it was computed."""
    run: str = field(default="", compare=False)
    """Whose call it is: runs take turns where calls must wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """How likely a token of a reply was."""

    token: str
    """Its text; a character may be spread over several tokens, and then none of them shows it."""
    logprob: float
    """Natural logarithm of its probability after all that stands before it, as the server tells it."""
    top: tuple[tuple[str, float], ...] = ()
    """The likeliest tokens at this place with their log-probabilities, as far as asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A model's reply; token counts are as reported by the server, `None` when it does not say."""

    text: str
    finish: Literal["stop", "length", "other"] = "stop"
    prompt_tokens: int | None = None
    cached_prompt_tokens: int | None = None
    completion_tokens: int | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None
    """Of each token in turn, if asked for; `None` where the backend has none, or the model thought first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known about a model that changes how we use it."""

    window: int
    """Tokens of prompt and reply together."""
    abstains: bool = True
    """Whether it says so when the answer is not in the text. If not, "not found" is decided by code."""
    reading_tokens: int | None = None
    """Document tokens per call beyond which it reads worse; `None`: as many as fit."""
    reply_tokens: int | None = None
    """Length beyond which its answers ramble; they are cut there, and at the first blank line."""
    price: tuple[float, float] | None = None
    """US dollars per million prompt and completion tokens; `None` when not known."""
    thinking_tokens: int = 0
    """Tokens it may spend on thinking before its reply, on top of the reply's cap."""
    caveat: str = ""
    """What people should know before they rely on its answers; one sentence, empty for most."""
    identity: str = ""
    """What besides its name decides its replies: servers' addresses, a hash of the weights. Replies of a model without
    one are not remembered from run to run."""


class Model(Protocol):
    """A model that can be called. Implementations are used from one event loop and must survive cancellation."""

    @property
    def name(self) -> str:
        """As the user would name it on the command line."""
        ...

    @property
    def profile(self) -> Profile:
        """What is known about it."""
        ...

    async def complete(self, request: Request) -> Reply:
        """Make one call.

        Raises:
            ModelUnavailableError: no usable reply came, and another attempt may go well. One call is one attempt:
                who calls decides about the next.
            ContextTooLongError: the request does not fit the window.
            ContentRefusedError: the provider declined this text.
            ModelRejectedError: the server refused the request for good.
        """
        ...

    async def count_tokens(self, text: str) -> int:
        """Return the length of a text in tokens: rather a little too many than too few."""
        ...

    async def aclose(self) -> None:
        """Release connections and processes. Safe to call twice."""
        ...

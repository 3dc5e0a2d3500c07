"""Models that need no weights: one replies from a script, one knows only its prompt."""

from collections.abc import Callable, Iterable

from longagent.documents.tokens import count_tokens
from longagent.llm.model import Profile, Reply, Request
from longagent.testing.readers import closest_sentence


class ScriptedModel:
    """A `Model` that replies from a queue or a function and records every request.

    Args:
        replies: texts in order, or a function of the request. A queue that runs dry raises `AssertionError`.
        window: tokens of prompt and reply together; a request that does not fit raises `AssertionError`.
        abstains: see `Profile`.
        reading_tokens: see `Profile`.
    """

    name = "scripted"

    def __init__(
        self,
        replies: Iterable[str] | Callable[[Request], str],
        *,
        window: int = 8192,
        abstains: bool = True,
        reading_tokens: int | None = None,
    ) -> None:
        self.profile = Profile(window=window, abstains=abstains, reading_tokens=reading_tokens)
        self.requests: list[Request] = []
        self._reply = replies if callable(replies) else self._from_queue(iter(replies))

    @staticmethod
    def _from_queue(queue: Iterable[str]) -> Callable[[Request], str]:
        replies = iter(queue)

        def following(_request: Request) -> str:
            for reply in replies:
                return reply
            raise AssertionError("the scripted model has no reply left")

        return following

    @property
    def prompts(self) -> list[str]:
        """The requests as text, one string per call."""
        return ["\n\n".join(message["content"] for message in request.messages) for request in self.requests]

    async def complete(self, request: Request) -> Reply:
        """Record the request and reply from the script."""
        self.requests.append(request)
        prompt = await self.count_tokens(self.prompts[-1])
        assert prompt + request.max_tokens <= self.profile.window, "the request does not fit the window"  # noqa: S101
        text = self._reply(request)
        return Reply(text=text, prompt_tokens=prompt, completion_tokens=await self.count_tokens(text))

    async def count_tokens(self, text: str) -> int:
        """Count as tiktoken does."""
        return count_tokens(text)

    async def aclose(self) -> None:
        """Nothing to release."""


class PromptReader(ScriptedModel):
    """A reader that knows only its prompt: it replies as `closest_sentence` does."""

    name = "prompt-reader"

    def __init__(self, *, window: int = 8192, abstains: bool = True, reading_tokens: int | None = None) -> None:
        super().__init__(
            lambda request: closest_sentence(request.messages),
            window=window,
            abstains=abstains,
            reading_tokens=reading_tokens,
        )

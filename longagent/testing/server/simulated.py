"""The simulated server: which path does what, and the way of one chat call through slots, speed, cache and faults."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from longagent.llm.model import Message
from longagent.testing.http_thread import Connection, Ending, HttpRequest, HttpThread, response_bytes
from longagent.testing.server.counts import Counts, Outcome
from longagent.testing.server.delivery import send_stream, send_whole, spoil
from longagent.testing.server.faults import Canned, Fault, Faults, canned, fault_name, in_turn, overload
from longagent.testing.server.prefix_cache import PrefixCache
from longagent.testing.server.protocol import CHARACTERS_PER_TOKEN, Completion, Received, contents, error, tokens
from longagent.testing.server.speed import QueueFullError, Slots, Speed
from longagent.testing.server.structured import held_to_form, logprobs

CHAT = "/v1/chat/completions"


class SimulatedServer:
    """Serves one pretended model on 127.0.0.1 while its `with` block lasts.

    It holds replies to `structured_outputs` and `response_format` as vLLM does, and tells log-probabilities if asked.

    Args:
        reply: text of every reply, or a function of the messages.
        model: the name it serves; others are answered 404.
        window: tokens of prompt and reply together, told in the list of models; longer requests are answered 400.
        api_key: when given, requests without it are answered 401.
        delay: seconds a call takes, on top of `speed`.
        speed: what a call's time is made of besides.
        slots: calls computed at once, the others wait; `None`: as many as come.
        queue: calls that may wait; one more is answered 503 with `Retry-After`. `None`: as many as come.
        prefix_cache: tokens of prompts it remembers; 0 switches the cache off.
        faults: one for each chat call in turn, `None` for a call that goes well, and when used up all go well; a
            `FaultMix`; or a function of the request.
        retry_after: seconds it asks clients to wait, where it asks.
        tokenize: whether it has `/tokenize`, as vLLM does; 404 if not.
        owned_by: what its list of models says it is, such as `vllm`.
        record: whether `requests` is kept; long benchmarks would fill the memory.
        port: where to listen; 0 takes a free one.
    """

    def __init__(
        self,
        reply: str | Callable[[list[Message]], str] = "A reply.",
        *,
        model: str = "sim",
        window: int | None = 8192,
        api_key: str | None = None,
        delay: float = 0.0,
        speed: Speed = Speed(),  # noqa: B008 - frozen
        slots: int | None = None,
        queue: int | None = None,
        prefix_cache: int = 0,
        faults: Faults = (),
        retry_after: float = 1.0,
        tokenize: bool = False,
        owned_by: str = "longagent",
        record: bool = True,
        port: int = 0,
    ) -> None:
        self.model = model
        self.window = window
        self.requests: list[Received] = []
        self.counts = Counts()
        self.in_flight = 0
        """Chat calls being worked on."""
        self._reply = reply
        self._api_key = api_key
        self._delay = delay
        self._speed = speed
        self._slots = Slots(slots, queue=queue)
        self._prefixes = PrefixCache(prefix_cache)
        self._fault_of = in_turn(faults)
        self._retry_after = retry_after
        self._tokenize = tokenize
        self._owned_by = owned_by
        self._record = record
        self._http = HttpThread(self._handle, port=port)

    @property
    def base_url(self) -> str:
        """What to pass as base URL."""
        return f"http://127.0.0.1:{self._http.port}/v1"

    @property
    def chats(self) -> list[Any]:
        """Bodies of the chat calls so far."""
        return [request.body for request in self.requests if request.path == CHAT]

    @property
    def connections(self) -> int:
        """Connections open at this moment."""
        return self._http.connections

    @property
    def peak(self) -> int:
        """Most chat calls that were in flight at once."""
        return self.counts.peak

    @property
    def abandoned(self) -> int:
        """Chat calls whose client went away before the reply."""
        return self.counts.abandoned

    def start(self) -> None:
        """Listen; returns once connections are accepted."""
        self._http.start()

    def close(self) -> None:
        """Drop every connection and stop. Safe to call twice."""
        self._http.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _handle(self, request: HttpRequest, connection: Connection) -> None:
        body = json.loads(request.body) if request.body else None
        received = Received(request.method, request.path, request.headers, body)
        if self._record and request.path != "/counts":
            self.requests.append(received)
        match request.method, request.path:
            case "GET", "/health":
                await connection.respond(200, b"")
            case "GET", "/counts":
                await connection.respond(200, asdict(self.counts))
            case _ if self._api_key is not None and request.headers.get("authorization") != f"Bearer {self._api_key}":
                await connection.respond(401, error("Incorrect API key provided.", "invalid_api_key"))
            case "POST", "/v1/chat/completions":
                await self._count(received, connection)
            case "GET", "/v1/models":
                await connection.respond(200, self._models())
            case "POST", "/tokenize" if self._tokenize:
                await connection.respond(200, self._tokenized(body))
            case _:
                await connection.respond(404, {"detail": "Not Found"})

    async def _count(self, received: Received, connection: Connection) -> None:
        counts = self.counts
        counts.calls += 1
        self.in_flight += 1
        counts.peak = max(counts.peak, self.in_flight)
        try:
            # The fault is drawn as the call comes: the queue must not change whose it is.
            outcome, ending = await self._chat(received.body, self._fault_of(received), connection)
            counts.end(outcome)
        except ConnectionError:
            counts.end("abandoned")
            raise
        except Exception:
            counts.end("failed")
            raise
        finally:
            self.in_flight -= 1
        await connection.end(ending)

    async def _chat(self, body: Any, fault: Fault | None, connection: Connection) -> tuple[Outcome, Ending]:
        try:
            await self._slots.enter(connection)
        except QueueFullError:
            return "refused", _ending(overload(self._retry_after))
        try:
            if self._delay:
                await connection.wait(self._delay)
            if fault is not None:
                self.counts.fault(fault_name(fault))
            return await self._compute(body, fault, connection)
        finally:
            self._slots.leave()

    async def _compute(self, body: Any, fault: Fault | None, connection: Connection) -> tuple[Outcome, Ending]:
        if fault == "hang":
            await connection.wait(None)
        if fault == "reset":
            return "failed", Ending(then="reset")
        if fault is not None and (response := canned(fault, retry_after=self._retry_after)):
            return "failed", _ending(response)
        if response := self._refusal(body):
            return "refused", _ending(response)
        completion = spoil(await self._complete(body, connection), fault)
        if body.get("stream"):
            usage = bool((body.get("stream_options") or {}).get("include_usage"))
            ending = await send_stream(connection, completion, usage=usage, speed=self._speed, fault=fault)
        else:
            ending = await send_whole(connection, completion, speed=self._speed, fault=fault)
        self.counts.decode_tokens += completion.tokens
        return "finished" if fault is None else "failed", ending

    def _refusal(self, body: Any) -> Canned | None:
        """Return what a real server would say to a request it cannot serve."""
        if body["model"] != self.model:
            return Canned(error(f"The model `{body['model']}` does not exist.", "model_not_found"), status=404)
        prompt, cap = _prompt_tokens(body["messages"]), _cap(body)
        if self.window is not None and prompt + (cap or 1) > self.window:
            said = f"This model's maximum context length is {self.window} tokens, but {prompt} + {cap} were requested."
            return Canned(error(said, "context_length_exceeded"), status=400)
        return None

    async def _complete(self, body: Any, connection: Connection) -> Completion:
        """Return the reply, after the time until its first token."""
        messages, cap = body["messages"], _cap(body)
        prompt = _prompt_tokens(messages)
        rendered = _rendered(messages)
        cached = min(self._prefixes.cached(rendered), prompt)
        if seconds := self._speed.until_first(prompt - cached):
            await connection.wait(seconds)
        self._prefixes.keep(rendered)
        self.counts.prefill_tokens += prompt - cached
        self.counts.cached_tokens += cached
        text = held_to_form(self._reply if isinstance(self._reply, str) else self._reply(messages), body)
        room = len(text) if cap is None else cap * CHARACTERS_PER_TOKEN
        told = logprobs(text[:room], top=body.get("top_logprobs") or 0) if body.get("logprobs") else None
        return Completion(self.model, text[:room], "length" if len(text) > room else "stop", prompt, cached, told)

    def _tokenized(self, body: Any) -> dict[str, Any]:
        text = body["prompt"] if "prompt" in body else _rendered(body["messages"])
        count = tokens(text)
        return {"count": count, "max_model_len": self.window, "tokens": list(range(count)), "token_strs": None}

    def _models(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": self.model, "object": "model", "owned_by": self._owned_by}
        if self.window is not None:
            entry["max_model_len"] = self.window
        return {"object": "list", "data": [entry]}


def _ending(response: Canned) -> Ending:
    headers = dict(response.headers)
    return Ending(response_bytes(response.status, response.body, content_type=response.content_type, headers=headers))


def _cap(body: Mapping[str, Any]) -> int | None:
    cap: int | None = body.get("max_completion_tokens", body.get("max_tokens"))
    return cap


def _prompt_tokens(messages: list[dict[str, Any]]) -> int:
    return sum(map(tokens, contents(messages)))


def _rendered(messages: list[dict[str, Any]]) -> str:
    """Return the messages as the model would see them, in one text."""
    pairs = zip(messages, contents(messages), strict=True)
    return "".join(f"<{message['role']}>{content}" for message, content in pairs)

"""What LiteLLM raised, turned into our errors: by what the server answered first, by LiteLLM's own classes second."""

import json
import re
from collections.abc import Mapping, Sequence

from longagent.errors import (
    ContentRefusedError,
    ContextTooLongError,
    ModelError,
    ModelRejectedError,
    ModelUnavailableError,
    Trouble,
    UnknownModelError,
)
from longagent.llm.model import Message
from longagent.llm.providers import OWN_CREDENTIALS, key_variables
from longagent.llm.refusals import error_codes, error_message, quote
from longagent.llm.wire import asked_wait

_PREFIX = re.compile(r"^.*?Exception (\w+ )?- ", re.DOTALL)
_CLASSES = re.compile(r"^(litellm\.)?\w*Error: ")
_TOO_LONG = re.compile(r"context.?(length|window)|prompt is too long|too many (input )?tokens", re.IGNORECASE)
_WINDOW = re.compile(r"maximum context length is (\d{3,8})\b|> (\d{3,8}) maximum")
_FILTERED = re.compile(r"content.?policy|content.?filter|safety system|content management policy", re.IGNORECASE)
_NO_CREDIT = re.compile(r"insufficient.?(quota|balance|credit|funds)|credit balance is too low", re.IGNORECASE)
_NO_CREDENTIALS = re.compile(
    r"missing credentials|credentials (were|was) not found|unable to locate credentials", re.IGNORECASE
)
_NO_CONNECTION = re.compile(r"connect|payload is not completed|disconnected|getaddrinfo|\bssl\b", re.IGNORECASE)
# Of Gemma's chat template, Gemini, Mistral.
_NO_SYSTEM = re.compile(
    r"system (role|message|instruction)s?.{0,40}(\bnot\b|n't)|developer instruction is not enabled"
    r"|roles? must alternate",
    re.IGNORECASE,
)
_STUMBLES = (LookupError, ValueError, TypeError, AttributeError)
# What to install for a module that is missing: the names differ.
_PACKAGES = {"boto3": "boto3", "botocore": "boto3", "google": "google-cloud-aiplatform"}


class LiteLLMFailure:
    """One exception of LiteLLM, and what it means for the call that met it."""

    def __init__(self, error: Exception, *, model: str, key: str | None, messages: Sequence[Message]) -> None:
        self._model = model
        self._provider = model.partition("/")[0]
        self._kinds = {kind.__name__ for kind in type(error).__mro__}
        self._text = str(getattr(error, "message", error))
        self._headers = _headers(error)
        self._status = getattr(error, "status_code", None)
        self._context = error.__context__
        self._broken = isinstance(error, _STUMBLES)
        # A server that answered was called with all that calling takes.
        self._missing = None if self._headers else _missing_module(error)
        self._said = quote(said := _said(self._text, key=key), messages)
        # To be searched, never shown. Not all that came: it may hold the document, which may speak of anything.
        self._about = f"{_codes(error, self._text)} {said}"

    @property
    def no_system_role(self) -> bool:
        """Whether the model was called with a system message and takes none."""
        return self._status in {400, 422, 500} and bool(_NO_SYSTEM.search(self._about))

    @property
    def refused(self) -> bool:
        """Whether the request was refused for no reason that is known, such as its length or what it is about."""
        return self._status in {400, 422} and type(self.explain()) is ModelRejectedError

    def explain(self) -> ModelError:
        """Return the error to raise. Of the provider's own words it repeats 200 characters at most, and no document."""
        if self._missing:
            # LiteLLM brings along what most providers need: not google-auth, for Vertex.
            message = f"calling {self._provider} takes a Python package that is not installed: {self._missing}."
            package = _PACKAGES.get(self._missing.partition(".")[0])
            page = f"LiteLLM's page on {self._provider} says what to install."
            return ModelRejectedError(message, hint=f"Run `pip install {package}`." if package else page)
        if "Timeout" in self._kinds:
            return self._unavailable("did not answer in time", "timeout")
        return self._about_the_text() or self._about_the_account() or self._about_the_server() or self._rejected()

    # What follows asks for class or status: the class alone says too little. A status 429 whose body is of type
    # "invalid_request_error" is a BadRequestError to LiteLLM.

    def _about_the_text(self) -> ModelError | None:
        if "ContextWindowExceededError" in self._kinds or (
            self._status in {400, 413} and _TOO_LONG.search(self._about)
        ):
            window = _WINDOW.search(self._about)
            size = int(window[1] or window[2]) if window else None
            hint = f"Try --window {size or 'N'}."
            return ContextTooLongError(f"the request is too long for {self._model}{self._said}", hint=hint, window=size)
        filtered = self._status in {400, 403, 422} and _FILTERED.search(self._about)
        if "ContentPolicyViolationError" in self._kinds or filtered:
            return ContentRefusedError(f"{self._provider} declined the text{self._said}")
        return None

    def _about_the_account(self) -> ModelError | None:
        if "PaymentRequiredError" in self._kinds or self._status == 402 or _NO_CREDIT.search(self._about):
            message = f"the account at {self._provider} has no credit left{self._said}"
            return ModelRejectedError(message, hint="Top it up, or choose another model.")
        # The provider's own words are left out: some repeat part of the key.
        refused = self._kinds & {"AuthenticationError", "PermissionDeniedError"} or self._status in {401, 403}
        if refused or (not self._headers and _NO_CREDENTIALS.search(self._about)):
            what = f"refused the credentials for {self._model}" if refused else "was called without credentials"
            return ModelRejectedError(f"{self._provider} {what}.", hint=key_hint(self._provider, check=True))
        if "NotFoundError" in self._kinds or (self._status == 404):
            hint = f"Look up its models' names; write {self._provider}/NAME."
            return UnknownModelError(f"{self._provider} does not serve {self._model!r}{self._said}", hint=hint)
        return None

    def _about_the_server(self) -> ModelError | None:
        if "RateLimitError" in self._kinds or self._status == 429:
            return self._unavailable("takes no more requests now", "rate_limit")
        if self._unreadable:
            return ModelUnavailableError(f"{self._provider} sent no usable reply.", trouble="reply")
        unanswered = not self._headers and _NO_CONNECTION.search(self._text)
        if "APIConnectionError" in self._kinds or (unanswered and self._status in {None, 500}):
            return ModelUnavailableError(
                f"{self._provider} could not be reached, or the connection broke.",
                hint="Check the connection, and proxies in the environment.",
            )
        if isinstance(self._status, int) and (self._status >= 500 or self._status in {408, 425}):
            return self._unavailable(f"failed ({self._status})", "overload")
        return None

    @property
    def _unreadable(self) -> bool:
        """Whether an answer came, and LiteLLM or its parser stumbled over it."""
        if self._broken or self._status == 200:
            return True
        if "APIConnectionError" in self._kinds:
            return isinstance(self._context, _STUMBLES)
        # Status 200 with an error in the body: LiteLLM makes a plain exception of it, and of that one of its own.
        return self._status in {None, 400} and not self._headers and type(self._context) is Exception

    def _unavailable(self, what: str, trouble: Trouble) -> ModelUnavailableError:
        hint = "Try again later, or with a lower --concurrency." if trouble in {"rate_limit", "overload"} else ""
        message = f"{self._provider} {what}{self._said if trouble != 'timeout' else '.'}"
        return ModelUnavailableError(message, hint=hint, trouble=trouble, retry_after=asked_wait(self._headers))

    def _rejected(self) -> ModelError:
        return ModelRejectedError(f"{self._provider} refused the request{self._said}", hint="Check --model.")


def key_hint(provider: str, *, check: bool = False) -> str:
    """Return what to do about a provider's key."""
    if provider in OWN_CREDENTIALS:
        return f"Check the credentials that LiteLLM wants for {provider}."
    variable = key_variables(provider)[0]
    return f"{'Check' if check else 'Set'} {variable}, or run `longagent keys set {provider}`."


def _missing_module(error: BaseException | None) -> str | None:
    while error is not None:
        if isinstance(error, ImportError) and error.name:
            return error.name
        error = error.__context__
    return None


def _headers(error: Exception) -> Mapping[str, str]:
    for found in (getattr(error, "litellm_response_headers", None), getattr(error, "response", None)):
        headers = getattr(found, "headers", found)
        if isinstance(headers, Mapping) and headers:
            return {str(name).lower(): str(value) for name, value in headers.items()}
    return {}


def _said(text: str, *, key: str | None) -> str:
    """Return the provider's message without what LiteLLM puts before it."""
    while (bare := _CLASSES.sub("", text)) != text:
        text = bare
    return error_message(_body(text), key=key)


def _codes(error: Exception, text: str) -> str:
    body = getattr(error, "body", None)
    return error_codes(json.dumps(body, default=str).encode() if isinstance(body, dict) else _body(text))


def _body(text: str) -> bytes:
    return _PREFIX.sub("", text).encode("utf-8", "replace")

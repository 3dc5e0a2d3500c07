"""How LiteLLM's providers are called: where, and with a key by some name, credentials of their own, or nothing."""

import re
from collections.abc import Mapping

OURS = ("openai", "vllm", "local")
"""What the names of models that are called without LiteLLM begin with."""

_IRREGULAR: dict[str, tuple[str, ...]] = {
    "aiml": ("AIML_API_KEY", "AIMLAPI_KEY"),
    "aleph_alpha": ("ALEPH_ALPHA_API_KEY", "ALEPHALPHA_API_KEY"),
    "anthropic_text": ("ANTHROPIC_API_KEY",),
    "ai21_chat": ("AI21_API_KEY",),
    "apertis": ("STIMA_API_KEY",),
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "cohere_chat": ("COHERE_API_KEY", "CO_API_KEY"),
    "cometapi": ("COMETAPI_KEY",),
    "dashscope": ("DASHSCOPE_API_KEY",),
    "datarobot": ("DATAROBOT_API_TOKEN",),
    "fireworks_ai": ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"),
    "friendliai": ("FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "huggingface": ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
    "lambda_ai": ("LAMBDA_API_KEY",),
    "meta_llama": ("LLAMA_API_KEY",),
    "nano-gpt": ("NANOGPT_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY", "OR_API_KEY"),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "qwen_ai_platform": ("QWEN_AI_PLATFORM_API_KEY", "DASHSCOPE_API_KEY"),
    "qwencloud": ("QWENCLOUD_API_KEY", "DASHSCOPE_API_KEY"),
    "replicate": ("REPLICATE_API_KEY", "REPLICATE_API_TOKEN"),
    "scaleway": ("SCW_SECRET_KEY",),
    "scx-ai": ("SCX_API_KEY",),
    "tensormesh": ("TENSORMESH_INFERENCE_API_KEY",),
    "text-completion-codestral": ("CODESTRAL_API_KEY",),
    "text-completion-inception": ("INCEPTION_API_KEY",),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHER_AI_TOKEN"),
    "veniceai": ("VENICE_AI_API_KEY",),
    "volcengine": ("VOLCENGINE_API_KEY", "ARK_API_KEY"),
}

OWN_CREDENTIALS = frozenset(
    {
        "azure", "azure_ai", "azure_text", "bedrock", "bedrock_mantle", "chatgpt", "databricks", "gigachat",
        "github_copilot", "oci", "sagemaker", "sagemaker_chat", "sagemaker_nova", "sap", "snowflake", "vertex_ai",
        "vertex_ai_beta", "watsonx", "watsonx_text",
    }
)  # fmt: skip
"""They may be reached without a key: by roles, files or variables of their own, which LiteLLM looks for itself."""

KEYLESS = frozenset(
    {
        "docker_model_runner", "hosted_vllm", "lemonade", "litellm_proxy", "llamafile", "lm_studio", "ollama",
        "ollama_chat", "oobabooga", "petals", "triton", "xinference",
    }
)  # fmt: skip
"""Servers of one's own, most of them without keys."""


def key_variables(provider: str) -> tuple[str, ...]:
    """Return the environment variables that may hold the key for a provider, the usual one first."""
    return _IRREGULAR.get(provider) or (f"{provider.upper().replace('-', '_')}_API_KEY",)


_CLOUDS = {"bedrock": ("AWS",), "sagemaker": ("AWS",), "watsonx": ("WX", "WML")}
_PLACES = ("_BASE", "_URL", "_ENDPOINT", "_HOST", "_REGION", "_REGION_NAME", "_LOCATION", "_PROJECT", "_ACCOUNT_ID")
_USER = re.compile(r"(?<=//)[^/@]*@")


def address(provider: str, environ: Mapping[str, str]) -> str:
    """Return what the environment says about where LiteLLM finds a provider; empty if nothing.

    LiteLLM has no one rule for the names of these variables, so this takes all that look like it, by how they begin and
    end. One too many costs a cached reply at most; one too few would take one server's reply for another's.
    """
    # With several providers LiteLLM falls back to OpenAI's.
    stems = {_stem(provider), "OPENAI", *map(_stem, key_variables(provider)), *_CLOUDS.get(_stem(provider).lower(), ())}
    found = [name for name in environ if name.startswith(tuple(stems)) and name.endswith(_PLACES) and environ[name]]
    return " ".join(f"{name}={_USER.sub('', environ[name])}" for name in sorted(found))


def _stem(name: str) -> str:
    return re.split("[-_]", name, maxsplit=1)[0].upper()

"""Names of models and their providers, as the GenAI conventions want them."""

_CONVENTIONAL = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "azure_text": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "bedrock_mantle": "aws.bedrock",
    "cohere_chat": "cohere",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "vertex_ai": "gcp.vertex_ai",
    "vertex_ai_beta": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "watsonx_text": "ibm.watsonx.ai",
    "xai": "x_ai",
}
"""Where the conventions name a provider otherwise than we do."""


def provider_and_model(name: str) -> tuple[str, str]:
    """Split a name into the provider and what the provider calls the model; `_OTHER` where no provider is named."""
    provider, slash, model = name.partition("/")
    if not slash or not provider:
        return ("local" if name == "local" else "_OTHER"), name
    return _CONVENTIONAL.get(provider, provider), model

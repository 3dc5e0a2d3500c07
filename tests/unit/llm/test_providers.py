import pytest

from longagent.llm.providers import address


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        ("ollama", "OLLAMA_API_BASE"),
        ("ollama_chat", "OLLAMA_API_BASE"),
        ("azure", "AZURE_API_BASE"),
        ("azure_ai", "AZURE_AI_API_BASE"),
        ("anthropic", "ANTHROPIC_BASE_URL"),
        ("bedrock", "AWS_REGION_NAME"),
        ("bedrock", "AWS_BEDROCK_RUNTIME_ENDPOINT"),
        ("vertex_ai", "VERTEXAI_LOCATION"),
        ("watsonx", "WX_URL"),
        ("meta_llama", "LLAMA_API_BASE"),
        ("friendliai", "FRIENDLI_API_BASE"),
        ("huggingface", "HF_API_BASE"),
        ("mistral", "MISTRAL_AZURE_API_BASE"),
        ("custom_openai", "OPENAI_BASE_URL"),
    ],
)
def test_addresses_are_found_by_the_names_litellm_has_for_them(provider: str, variable: str) -> None:
    assert address(provider, {variable: "http://a/v1"}) == f"{variable}=http://a/v1"


def test_what_is_no_address_of_the_provider_is_left_alone() -> None:
    elsewhere = {"GROQ_API_BASE": "http://a", "OLLAMA_API_KEY": "secret", "OLLAMA_API_BASE": "", "PATH": "/bin"}
    assert address("ollama", elsewhere) == ""


def test_the_order_of_the_environment_does_not_matter() -> None:
    pairs = [("AZURE_API_BASE", "http://a"), ("AZURE_AI_API_BASE", "http://b")]
    assert address("azure", dict(pairs)) == address("azure", dict(reversed(pairs)))


def test_names_and_passwords_are_left_out() -> None:
    assert address("ollama", {"OLLAMA_API_BASE": "http://me:secret@a:1/v1"}) == "OLLAMA_API_BASE=http://a:1/v1"

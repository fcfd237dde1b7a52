"""recorded_calls.py: recordings of real calls, where they are beside the checkout, sent again by the SDKs."""
import json
import os

from tools.model_calls import drained
from tools.python_sdks import Answer, anthropic_sdk, gemini_sdk, ollama_sdk, openai_sdk

RECORDINGS = os.path.join(os.path.dirname(__file__), "../../../../shared/recordings")


def generate_again(client, body, name, stream):
    config = {"tools": body.get("tools"), "system_instruction": body.get("systemInstruction"), "automatic_function_calling": {"disable": True},
              **body.get("generationConfig", {})}
    model = name.split("/")[-1].split(":")[0]
    if stream:
        return drained(client.models.generate_content_stream(model=model, contents=body["contents"], config=config))
    return client.models.generate_content(model=model, contents=body["contents"], config=config)


def again(recording, body):
    """The format, the SDK and what it does. None: no instrumentor of these has it."""
    url, finish = recording["url"].split("#")[0], drained if body.get("stream") else lambda result: None
    base = url.split("/chat/completions")[0]
    if "safe_prompt" in body:  # Mistral's own
        body["extra_body"] = {"safe_prompt": body.pop("safe_prompt")}
    if url.endswith("/chat/completions"):
        return "chat", lambda exchange: openai_sdk(exchange, base), lambda client: finish(client.chat.completions.create(**body))
    if url.endswith("/v1/responses"):
        return "responses" if "instructions" in body else "responses without instructions", openai_sdk, lambda client: finish(client.responses.create(**body))
    if url.endswith("/v1/embeddings"):
        return "embeddings", openai_sdk, lambda client: client.embeddings.create(**body)
    if url.endswith("/v1/messages"):
        return "messages", anthropic_sdk, lambda client: finish(client.messages.create(**body))
    if url.endswith("/api/chat"):
        return "ollama", ollama_sdk, lambda client: finish(client.chat(**body))
    if "GenerateContent" in url or "generateContent" in url:
        return "generate", gemini_sdk, lambda client: generate_again(client, body, url, "stream" in url)
    return None


def recorded():
    """Calls like those of the other *_calls.py; none where there are no recordings."""
    if not os.path.exists(os.path.join(RECORDINGS, "index.json")):
        return
    with open(os.path.join(RECORDINGS, "index.json"), encoding="utf-8") as index:
        recordings = json.load(index)
    for recording in recordings:
        with open(os.path.join(RECORDINGS, recording["request"]), "rb") as request, open(os.path.join(RECORDINGS, recording["response"]), "rb") as response:
            known = again(recording, json.loads(request.read()))
            body = response.read()
        if known is not None:
            events = recording["response"].endswith(".sse")
            headers = {"content-type": "text/event-stream" if events else "application/json"}
            situation = "failed" if recording["status"] != 200 else "stream" if events else "one"
            of = next((name for name in ("Mistral", "Groq") if name.lower() in recording["url"]), "the recordings")
            yield f"{known[0]}: {situation} of {of}, {recording['name']}", *known[1:], Answer(body, status=recording["status"], headers=headers)

"""python_sdks.py: the SDKs of the providers under OpenInference's instrumentors, on answers that the test gives: no server, the HTTP
client's transport answers. What was sent, what was read and the span are kept."""
import json
import os

import anthropic
import httpx
import httpx2
import ollama
import openai
from google import genai
from google.oauth2.credentials import Credentials
from openinference.instrumentation.anthropic import AnthropicInstrumentor
from openinference.instrumentation.google_genai import GoogleGenAIInstrumentor
from openinference.instrumentation.ollama import OllamaInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

KEY = "some-key"
CONFIGURE = ("OPENAI_", "AZURE_", "ANTHROPIC_", "GOOGLE_", "GEMINI_", "OLLAMA_", "OTEL_", "OPENINFERENCE_")


class Answer:
    """`body`: an object, to be JSON; bytes; or the events of a stream, read one at a time. `broken`: after them the connection is gone.
    `fails`: it tells of an error itself."""

    def __init__(self, body, status=200, headers=(), broken=False, fails=False):
        if isinstance(body, dict):
            body = json.dumps(body, ensure_ascii=False)
        self.pieces = [body] if isinstance(body, (bytes, str)) else list(body)
        self.pieces = [piece.encode() if isinstance(piece, str) else piece for piece in self.pieces]
        self.status, self.broken, self.fails = status, broken, fails or broken or status >= 400
        self.headers = {"content-type": "application/json" if len(self.pieces) == 1 else "text/event-stream", **dict(headers)}


class Exchange:
    """The request that the SDK made and as much of the answer as it has read."""

    def __init__(self, answer):
        self.answer, self.url, self.body, self.read = answer, None, None, b""

    def transport(self, http):
        """`http`: httpx or httpx2, whichever the SDK uses."""
        def pieces():
            for piece in self.answer.pieces:
                self.read += piece
                yield piece
            if self.answer.broken:
                raise http.ReadError("connection reset")

        def handle(request):
            assert self.url is None, "a second request"
            self.url, self.body = str(request.url), request.read()
            return http.Response(self.answer.status, headers=self.answer.headers, content=pieces())
        return http.MockTransport(handle)

    def as_wire_call(self, left):
        """The same for wire.cpp."""
        answer = {"status": self.answer.status, "headers": self.answer.headers, "body": self.read.decode(), "left": left}
        if self.answer.broken:
            answer["broken"] = "connection reset"
        return {"url": self.url, "body": self.body.decode(), "answer": answer}


def openai_sdk(exchange, base_url=None):
    return openai.OpenAI(api_key=KEY, base_url=base_url, max_retries=0, http_client=httpx2.Client(transport=exchange.transport(httpx2)))


def azure_sdk(exchange):
    return openai.AzureOpenAI(api_key=KEY, max_retries=0, api_version="2024-10-21", azure_endpoint="https://some.openai.azure.com",
                              http_client=httpx2.Client(transport=exchange.transport(httpx2)))


def anthropic_sdk(exchange):
    return anthropic.Anthropic(api_key=KEY, max_retries=0, http_client=httpx2.Client(transport=exchange.transport(httpx2)))


def gemini_sdk(exchange):
    return genai.Client(api_key=KEY, http_options={"httpx_client": httpx.Client(transport=exchange.transport(httpx))})


def vertex_sdk(exchange):
    return genai.Client(vertexai=True, project="some-project", location="us-central1", credentials=Credentials(token=KEY),
                        http_options={"httpx_client": httpx.Client(transport=exchange.transport(httpx))})


def ollama_sdk(exchange):
    return ollama.Client(host="http://localhost:11434", transport=exchange.transport(httpx))


def plain(value):
    """As an exporter writes it: lists, and no enums that are texts."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return str.__str__(value) if isinstance(value, str) else value


class Instrumented:
    def __init__(self):
        for name in list(os.environ):  # nothing but the calls decides
            if name.startswith(CONFIGURE) or name.lower().endswith("_proxy"):
                del os.environ[name]
        self.spans = InMemorySpanExporter()
        provider = TracerProvider(span_limits=SpanLimits(max_span_attributes=10000))
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        for instrumentor in (OpenAIInstrumentor, AnthropicInstrumentor, GoogleGenAIInstrumentor, OllamaInstrumentor):
            instrumentor().instrument(tracer_provider=provider)

    def run(self, sdk, work, answer):
        """The exchange, the span as wire.cpp prints it, and whether `work` has left a stream before its end."""
        exchange, left, raised = Exchange(answer), False, False
        self.spans.clear()
        try:
            left = work(sdk(exchange)) == "left"
        except Exception:
            if not answer.fails:
                raise
            raised = True
        assert raised == answer.fails, f"the SDK saw no error in {exchange.read}"
        spans = self.spans.get_finished_spans()
        said = [{"name": s.name, "status": s.status.status_code.name, "message": s.status.description or "",
                 "attributes": {key: plain(value) for key, value in s.attributes.items()}, "events": [e.name for e in s.events]} for s in spans]
        return exchange, said, left


def sse(*events, named=False, end=()):
    """The events of a stream as they are sent."""
    return [(f"event: {e['type']}\n" if named else "") + f"data: {json.dumps(e, ensure_ascii=False)}\n\n" for e in events] + list(end)

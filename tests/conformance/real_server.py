#!/usr/bin/env python3
"""real_server.py: the library finds its way with the web framework of Arthur Engine: FastAPI takes the body as bytes and
so refuses JSON, answers come chunked, and uvicorn reads requests with either of its parsers."""
import socket
import sys
import threading

import fastapi
import uvicorn
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tools import official, sending


def make_app(received):
    app = fastapi.FastAPI()

    @app.exception_handler(RequestValidationError)
    async def invalid(_request, error):
        return JSONResponse(status_code=400, content={"detail": str(error.errors())})

    @app.post(sending.PATHS["engine"])
    async def traces(request: fastapi.Request, body: bytes = fastapi.Body(...)):
        try:
            message = ExportTraceServiceRequest.FromString(body)
        except DecodeError:
            return JSONResponse(status_code=400, content={"detail": "Invalid protobuf message format"})
        received.append(message)
        total = len(official.spans([message]))
        return JSONResponse({"total_spans": total, "accepted_spans": total, "rejected_spans": 0, "rejection_reasons": [],
                             "status": "success"})

    @app.middleware("http")
    async def chunked(request, call_next):
        app.state.asked.append((request.headers.get("content-type"), request.headers.get("content-length")))
        answer = await call_next(request)
        app.state.answers.append(answer.status_code)
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return StreamingResponse(answer.body_iterator, status_code=answer.status_code, headers=headers)

    app.state.asked, app.state.answers = [], []
    return app


def main(build):
    program = f"{build}/tests/conformance_send"
    requests, _ = sending.collect(program, "engine", "protobuf")
    expected = official.spans(map(official.decode, requests))
    failed = []
    for parser in ("h11", "httptools"):
        received = []
        app = make_app(received)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, http=parser, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            sending.run(program, f"http://127.0.0.1:{listener.getsockname()[1]}{sending.PATHS['engine']}", "automatic")
        finally:
            server.should_exit = True
            thread.join()
            listener.close()
        failed += [f"{parser}: {line}" for line in official.unequal(expected, official.spans(received))]
        if app.state.asked[0][0] != "application/json" or app.state.answers[0] != 400:
            failed.append(f"{parser}: the first request was {app.state.asked[0]}, answered {app.state.answers[0]}")
        if {kind for kind, _ in app.state.asked[1:]} != {"application/x-protobuf"} or set(app.state.answers[1:]) != {200}:
            failed.append(f"{parser}: asked {app.state.asked}, answered {app.state.answers}")
        print(f"{parser}: {len(official.spans(received))} spans, answers {app.state.answers}")
    print("\n".join(failed[:40]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

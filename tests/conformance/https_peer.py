#!/usr/bin/env python3
"""https_peer.py: the library posts to Python's TLS server, straight and through a real proxy (proxy.py): by CONNECT where
the endpoint is https://, by whole URLs where it is http://. Refused certificates and a wrong password send nothing."""
import contextlib
import http.server
import ssl
import subprocess
import sys
import threading

import proxy
from proxy.http.proxy import HttpProxyBasePlugin
import trustme

from tools import official, sending

HOST = "collector.test"  # known to the proxy alone; loopback names never go through one


class KnowsTheHost(HttpProxyBasePlugin):
    def resolve_dns(self, host, port):
        return "127.0.0.1", None


@contextlib.contextmanager
def serving(context=None):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), sending.Handler) as server:
        server.requests = []
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # a client that refuses the certificate is what is wanted here
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server, server.server_address[1]
        server.shutdown()


def context_with(certificate, client_authority=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if client_authority:
        client_authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Check:
    def __init__(self, build):
        self.program = f"{build}/tests/conformance_send_https"
        requests, _ = sending.collect(self.program, "otlp", "json")
        self.expected = official.spans(map(official.decode, requests))
        self.failed = []

    def delivered(self, what, server, url, **variables):
        sending.run(self.program, url, "json", **variables)
        spans = official.spans(map(official.decode, server.requests))
        self.failed += [f"{what}: {line}" for line in official.unequal(self.expected, spans)]
        for request in server.requests:
            if "Proxy-Authorization" in request.headers and url.startswith("https"):
                self.failed.append(f"{what}: the server saw the proxy's password")
        print(f"{what}: {len(spans)} spans")

    def refused(self, what, server, url, line, **variables):
        env = {**sending.environment(), **variables, "OTEL_EXPORTER_OTLP_TIMEOUT": "500"}
        done = subprocess.run([self.program, url, "json"], env=env, capture_output=True, timeout=60, check=False)
        said = done.stderr.decode()
        if done.returncode == 0 or line not in said or "secret" in said or server.requests:
            self.failed.append(f"{what}: status {done.returncode}, {len(server.requests)} requests, said {said}")
        print(f"{what}: {said.splitlines()[0] if said else said}")


def main(build):
    check = Check(build)
    authority, other = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1", HOST)
    with contextlib.ExitStack() as stack:
        def pem(blob):
            return stack.enter_context(blob.tempfile())
        ca, other_ca = pem(authority.cert_pem), pem(other.cert_pem)
        client = pem(other.issue_cert("client@example.com").private_key_and_cert_chain_pem)
        via = stack.enter_context(proxy.Proxy(["--hostname", "127.0.0.1", "--port", "0", "--num-workers", "1", "--num-acceptors", "1",
                                               "--basic-auth", "user:pass", "--log-level", "e"], plugins=[KnowsTheHost]))
        proxy_url = f"http://user:pass@127.0.0.1:{via.flags.port}"
        wrong = f"http://user:secret@127.0.0.1:{via.flags.port}"

        for host in ("localhost", "127.0.0.1"):
            with serving(context_with(certificate)) as (server, port):
                check.delivered(f"https, {host}", server, f"https://{host}:{port}/v1/traces", OTEL_EXPORTER_OTLP_CERTIFICATE=ca)
        with serving(context_with(certificate, other)) as (server, port):
            url = f"https://localhost:{port}/v1/traces"
            check.delivered("client certificate", server, url, OTEL_EXPORTER_OTLP_CERTIFICATE=ca,
                            OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=client, OTEL_EXPORTER_OTLP_CLIENT_KEY=client)
        with serving(context_with(certificate, other)) as (server, port):
            url = f"https://localhost:{port}/v1/traces"
            check.refused("no client certificate", server, url, "asks for a client certificate", OTEL_EXPORTER_OTLP_CERTIFICATE=ca)
            check.refused("other authority", server, url, "is refused", OTEL_EXPORTER_OTLP_CERTIFICATE=other_ca)
            check.refused("system's authorities", server, url, "is refused")
        with serving(context_with(certificate)) as (server, port):
            check.delivered("https through a proxy", server, f"https://{HOST}:{port}/v1/traces", OTEL_EXPORTER_OTLP_CERTIFICATE=ca,
                            https_proxy=proxy_url)
        with serving() as (server, port):
            check.delivered("http through a proxy", server, f"http://{HOST}:{port}/v1/traces", http_proxy=proxy_url)
        with serving(context_with(certificate)) as (server, port):
            url = f"https://{HOST}:{port}/v1/traces"
            check.refused("wrong password", server, url, "answered 407", OTEL_EXPORTER_OTLP_CERTIFICATE=ca, HTTPS_PROXY=wrong)
            check.refused("excepted host", server, url, f"can't find the address of {HOST}", OTEL_EXPORTER_OTLP_CERTIFICATE=ca,
                          ALL_PROXY=proxy_url, NO_PROXY=".test")
    print("\n".join(check.failed[:40]))
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

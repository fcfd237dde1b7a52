#!/usr/bin/env python3
"""spool.py: a spooled file is what the official protobuf reads and writes, but for a checksum in a field that OTLP doesn't know."""
import glob
import random
import subprocess
import sys
import tempfile

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tools import official

CHECKSUM = 1000 << 3 | 5  # field 1000, fixed32


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def message(chance):
    request = ExportTraceServiceRequest()
    for _ in range(chance.randrange(1, 4)):
        of = request.resource_spans.add(schema_url="https://example.org")
        of.resource.attributes.add(key="service.name").value.string_value = f"service {chance.random()}"
        for _ in range(chance.randrange(1, 3)):
            scope = of.scope_spans.add()
            scope.scope.name = "somebody else"
            for _ in range(chance.randrange(1, 20)):
                span = scope.spans.add(trace_id=chance.randbytes(16), span_id=chance.randbytes(8), name="ä" * chance.randrange(300),
                                       kind=1, start_time_unix_nano=10, end_time_unix_nano=20)
                span.attributes.add(key="n").value.int_value = chance.randrange(-9, 9)
                span.events.add(name="event", time_unix_nano=15)
    return request


def run(program, what, folder, given=b""):
    return subprocess.run([program, what, folder], input=given, stdout=subprocess.PIPE, check=True).stdout


def main(build):
    program = f"{build}/tests/conformance_spool"
    chance = random.Random(5)
    sent = [message(chance) for _ in range(40)]
    with tempfile.TemporaryDirectory() as parent:
        folder = f"{parent}/spool"
        for request in sent:
            run(program, "put", folder, request.SerializeToString())
        names = sorted(glob.glob(f"{folder}/*"))
        assert len(names) == len(sent), names
        for name, request in zip(names, sent):
            with open(name, "rb") as file:
                data = file.read()
            read = ExportTraceServiceRequest.FromString(data)
            tail = data[-6:]
            assert int.from_bytes(tail[2:], "little") == crc32c(data[:-6]), name
            assert (tail[0] & 0x7f | tail[1] << 7) == CHECKSUM, name
            read.DiscardUnknownFields()
            assert read == request, name
        lines = run(program, "take", folder).splitlines()
        assert not glob.glob(f"{folder}/*")
    pick = lambda found: [(of.SerializeToString(deterministic=True), span.SerializeToString(deterministic=True)) for of, _, span in found]
    assert len(lines) == len(sent)
    assert pick(official.spans(map(official.from_json, lines))) == pick(official.spans(sent))
    print(f"{len(sent)} requests kept, read by the official protobuf, and taken out again")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

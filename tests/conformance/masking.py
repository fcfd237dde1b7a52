#!/usr/bin/env python3
"""masking.py: OpenInference's switches hide the same of every attribute as in the package for Python: every switch, alone
and together with every other one, on every key of the vocabulary, its neighbours, and lists of them."""
import itertools
import logging
import os
import re
import subprocess
import sys

from openinference.instrumentation import config
from openinference.semconv import trace

from tools import sending

VECTOR = "[vector]"
IMAGE = "data:image/png;base64,"


def keys():
    """Every key of the vocabulary: alone, behind every list, and two that are no keys."""
    holders = [holder for name, holder in vars(trace).items() if name.endswith("Attributes")]
    flat = sorted({value for holder in holders for name, value in vars(holder).items()
                   if not name.startswith("_") and isinstance(value, str)})
    lists = ["llm.input_messages", "llm.output_messages", "llm.tools", "llm.prompts", "llm.choices", "retrieval.documents",
             "reranker.input_documents", "reranker.output_documents", "embedding.embeddings", "input.images", "output.images"]
    parts = [key for key in flat if key.split(".")[0] in ("message", "message_content", "document", "embedding", "image", "tool", "tool_call", "prompt", "completion")]
    found = flat + [f"{of}.{n}.{part}" for of in lists for n in (0, 12) for part in parts]
    found += [f"{of}.0.message.contents.1.{part}" for of in lists[:2] for part in parts + ["message_content.image.image.url"]]
    found += [f"{of}.0.message.tool_calls.0.{part}" for of in lists[:2] for part in parts]
    found += [f"my.{of}" for of in lists] + [f"{of}x.0.document.content" for of in lists] + [f"{of}.document.content" for of in lists]
    return found + ["user.key", "input.valuex", "inputxvalue", "llm.prompts.llm.tools", "retrieval.documents.llm.input_messages.document.metadata"]


def values(key, images):
    """What the attribute is set to in turn. Where the engine wants a number, it is one."""
    number = re.search(r"score|token_count|cost", key)
    yield VECTOR if key.endswith("vector") else "1" if number else "some text"
    if images and key.endswith("image.url"):
        yield from (IMAGE + "A" * (32000 - len(IMAGE)), IMAGE + "A" * (32001 - len(IMAGE)), IMAGE, "https://example.com/base64.png",
                    "data:image/svg+xml," + "A" * 40000, IMAGE + "ä" * 31990, "data:image/x," + "ä" * 20000 + "base64", "data:text/plain;base64," + "A" * 40000)


def ours(program, environment, given):
    lines = "".join(f"{key}\t{value}\n" for key, value in given)
    done = subprocess.run([program], input=lines.encode(), env={**clean_environment(), **environment}, capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{program}: exit status {done.returncode}\n{done.stderr.decode()}")
    printed = [line.split("\t", 1)[1] for line in done.stdout.decode().splitlines()]
    return printed, done.stderr.decode().splitlines()


def clean_environment():
    return {name: value for name, value in sending.environment().items() if not name.startswith("OPENINFERENCE_")}


class Warnings(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def theirs(environment, given):
    heard = Warnings()
    config.logger.addHandler(heard)
    for other in set(config.logger.handlers) - {heard}:
        config.logger.removeHandler(other)
    config.logger.propagate = False
    os.environ.update(environment)
    try:
        made = config.TraceConfig()
    finally:
        for name in environment:
            del os.environ[name]
        config.logger.removeHandler(heard)
    shown = []
    for key, value in given:
        masked = made.mask(key, [0.5, 0.25] if value == VECTOR else value)
        shown.append("(none)" if masked is None else VECTOR if isinstance(masked, list) else masked)
    return shown, heard.lines


def switches():
    """The variables that the package reads, and those that take a boolean and hide something."""
    known = {value for name, value in vars(config).items() if name.startswith("OPENINFERENCE_")}
    return known, sorted(name for name in known if "HIDE_" in name)


def read_by_us():
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "include/arthur/policy")
    texts = [open(os.path.join(path, name), encoding="utf-8").read() for name in os.listdir(path)]
    return set(re.findall(r'"(OPENINFERENCE_[A-Z0-9_]+)"', "".join(texts)))


def main(build):
    program = f"{build}/tests/conformance_masking"
    given, with_images = ([(key, value) for key in keys() for value in values(key, images)] for images in (False, True))
    known, hiding = switches()
    failed = [f"{name} is read by the package for Python, not by us" for name in known - read_by_us()]
    failed += [f"{name} is read by us, not by the package for Python" for name in read_by_us() - known]

    settings = [{}] + [{name: "true"} for name in hiding]
    settings += [{a: "true", b: "TRUE"} for a, b in itertools.combinations(hiding, 2)]
    settings += [{name: "true" for name in hiding}, {name: "False" for name in hiding}]
    settings += [{hiding[0]: value, hiding[-1]: "true"} for value in ("True", "1", "yes", "on", "0", "t", "false")]
    settings += [{"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH": value} for value in ("0", "22", "-1", "+31000", "40000", "1e3", "many", "12.5")]
    hidden = 0
    for setting in settings:
        some = given if len(setting) == 2 else with_images
        want, warned = theirs(setting, some)
        got, said = ours(program, setting, some)
        said = [line for line in said if "OPENINFERENCE_" in line]
        name = " ".join(f"{key}={value}" for key, value in setting.items())
        failed += [f"{name}: {key}={value[:40]}: Python sends {w[:40]}, we send {g[:40]}"
                   for (key, value), w, g in zip(some, want, got) if w != g]
        if len(got) != len(some):
            failed.append(f"{name}: {len(got)} of {len(some)} attributes came back")
        if len(warned) != len(said):
            failed.append(f"{name}: Python warns {len(warned)} times, we do {len(said)} times: {warned} {said}")
        hidden += sum(w != value for (_, value), w in zip(some, want))
    if hidden == 0:
        failed.append("nothing was hidden: the comparison is blind")
    print(f"{len(settings)} settings of {len(hiding)} switches on {len(with_images)} attributes: {hidden} hidden")
    for line in failed[:40]:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""check.py <system> <build> <wine> <atomics>: runs what portable/run built, and compares it with the native build's work.

Prints a line per check and, at the end, "N passed, M failed".
"""
import json
import os
import re
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance", "tools"))
import sending  # noqa: E402

SYSTEM, BUILD, WINE, ATOMICS = sys.argv[1:5]
BUILD = os.path.abspath(BUILD)
WINDOWS = SYSTEM == "mingw"
LIMIT = 240  # seconds that any one program may take: hanging is a failure, slowness isn't


class Failed(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failed(text)


def command(name, *arguments):
    return [WINE, f"{BUILD}/{name}.exe", *arguments] if WINDOWS else [f"{BUILD}/{name}", *arguments]


def run(argv, status=0, **environment):
    """Runs to the end in time and with that exit status; returns what was printed, as bytes."""
    try:
        done = subprocess.run(argv, env={**sending.environment(), **environment}, capture_output=True, timeout=LIMIT,
                              cwd=BUILD, check=False)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{argv[1:]} hangs") from late
    expect(done.returncode == status, f"{argv[1:]}: exit status {done.returncode}, not {status}: "
           f"{(done.stdout + done.stderr).decode(errors='replace')[-2000:]}")
    return done.stdout


def native(name, *arguments):
    return [f"{BUILD}/native/{name}", *arguments]


def serve(make_argv, status=0, **environment):
    """Runs a program against an HTTP server on the loopback; returns the requests and what it printed."""
    with sending.serve() as (url, requests):
        printed = run(make_argv(url), status, **environment)
    return requests, printed


def spans(requests):
    return [span for body in requests for resource in json.loads(body)["resourceSpans"]
            for scope in resource["scopeSpans"] for span in scope["spans"]]


def names(requests):
    return sorted(span["name"] for span in spans(requests))


def services(requests):
    return [attribute["value"]["stringValue"] for body in requests for resource in json.loads(body)["resourceSpans"]
            for attribute in resource["resource"]["attributes"] if attribute["key"] == "service.name"]


def bodies(requests):
    return [request.body for request in requests]


def check_unit():
    """the unit tests pass"""
    printed = run(command("unit")).decode()
    summary = re.search(r"test cases: +(\d+) \| +(\d+) passed \| +(\d+) failed", printed)
    expect(summary and int(summary.group(1)) > 100 and summary.group(3) == "0", printed[-2000:])
    return f"{summary.group(2)} test cases"


def check_atomics():
    """no atomic operation needs a library"""
    expect(ATOMICS == "0", f"{ATOMICS} calls of libatomic")


def check_same_bytes():
    """requests are the same, byte for byte, as those of the native build"""
    for arguments in (("json", "engine"), ("json", "otlp"), ("protobuf", "engine"), ("protobuf", "otlp")):
        encoding, profile = arguments
        theirs, _ = serve(lambda url: command("send", url + sending.PATHS[profile], encoding))
        ours, _ = serve(lambda url: native("send", url + sending.PATHS[profile], encoding))
        expect(len(ours) >= 2, "the native build sent nothing")
        expect(bodies(theirs) == bodies(ours), f"{arguments} differ")


def check_exit():
    """what is pending at exit() is sent, and the exit status stays"""
    requests, _ = serve(lambda url: command("program", "exit", url + sending.PATHS["otlp"]), 3)
    expect(len(spans(bodies(requests))) == 40, f"{len(spans(bodies(requests)))} spans")


def check_twice():
    """tracing starts, stops, and starts again"""
    requests, _ = serve(lambda url: command("program", "twice", url + sending.PATHS["otlp"]))
    # Spans of one start may fall into several requests.
    found = list(dict.fromkeys(services(bodies(requests))))
    expect(found == ["first", "second"], found)


def check_nobody():
    """without a listener the program ends, and the reason is told"""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    printed = run(command("program", "nobody", f"http://127.0.0.1:{port}/v1/traces")).decode()
    expect(f"can't connect to 127.0.0.1:{port}: Connection refused" in printed, printed)


def check_threads():
    """threads that end give their slots back, also when they record while they end"""
    requests, printed = serve(lambda url: command("program", "threads", url + sending.PATHS["otlp"]))
    expect(names(bodies(requests)).count("thread 0") == 200, printed)
    return printed.decode().strip()


def check_stdout():
    """lines on stdout are the native build's, without carriage returns"""
    theirs = run(command("program", "stdout"), OTEL_SERVICE_NAME="out")
    expect(theirs == run(native("program", "stdout"), OTEL_SERVICE_NAME="out") and theirs.count(b"\n") == 1, theirs)
    expect(names([theirs]) == ["out 0", "out 1", "out 2"], theirs)


def check_file():
    """a file gets the native build's bytes, and is appended to; its name may be of any script"""
    got = {}
    for build in (command, native):
        path = os.path.join(BUILD, "sp\u00e4ne \u65e5.jsonl")
        for _ in range(2):
            run(build("program", "file"), LC_ALL="C.UTF-8")
        with open(path, "rb") as file:
            got[build] = file.read()
        os.remove(path)
    expect(got[command] == got[native] and got[command].count(b"\n") == 2 and b"\r" not in got[command], got[command])


def check_large_file():
    """a file beyond 4 GiB is appended to"""
    path = os.path.join(BUILD, "large.jsonl")
    with open(path, "wb") as file:
        file.truncate(5 << 30)  # takes no room: nothing is written
    run(command("program", "file", "large.jsonl"))
    with open(path, "rb") as file:
        file.seek(5 << 30)
        line = file.read()
    os.remove(path)
    expect(names([line]) == ["file 0", "file 1", "file 2"], line)


def check_no_file():
    """a file that can't be opened is named with the reason"""
    printed = run(command("program", "file", "no such directory/x"), 1).decode()
    expect("can't open no such directory/x: " in printed and len(printed.splitlines()) == 1, printed)
    return printed.strip()


def check_names():
    """names come from the environment and the executable in UTF-8"""
    requests, _ = serve(lambda url: command("program", "names", url + sending.PATHS["otlp"]))
    expect(services(bodies(requests)) == ["unknown_service:program" + (".exe" if WINDOWS else "")], services(bodies(requests)))
    requests, _ = serve(lambda url: command("program", "names", url + sending.PATHS["otlp"]), OTEL_SERVICE_NAME="Stra\u00dfe \u65e5",
                        LC_ALL="C.UTF-8")
    expect(services(bodies(requests)) == ["Stra\u00dfe \u65e5"], services(bodies(requests)))


def check_idle():
    """an idle worker sleeps"""
    run(command("program", "idle"))


def check_exit_process():
    """ExitProcess with spans pending ends the program at once"""
    began = time.monotonic()
    serve(lambda url: command("program", "exitprocess", url + sending.PATHS["otlp"]), 3)
    return f"{time.monotonic() - began:.1f} s"


def check_dll():
    """a DLL with tracing of its own delivers, and hangs neither at the end of the process nor when it is unloaded"""
    for how in ("dll", "dll-unload"):
        requests, _ = serve(lambda url: command("program", how, url + sending.PATHS["otlp"]), 2)
        expect(names(bodies(requests))[:2] == ["sent", "sent"], names(bodies(requests)))


def check_windows_h():
    """<windows.h> may come first and last"""
    run(command("windows"))
    run(command("windows_light"))


def main():
    checks = [check_unit, check_atomics, check_same_bytes, check_exit, check_twice, check_nobody, check_threads, check_stdout,
              check_file, check_large_file, check_no_file, check_names, check_idle]
    if WINDOWS:
        checks += [check_exit_process, check_dll, check_windows_h]
    failed = 0
    for check in checks:
        try:
            note = check()
            print(f"ok: {check.__doc__}" + (f" ({note})" if note else ""), flush=True)
        except Failed as why:
            failed += 1
            print(f"FAILED: {check.__doc__}: {why}", flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

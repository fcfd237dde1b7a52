#!/usr/bin/env python3
"""readme.py: what the README shows is true: its program compiles in a folder with nothing but the single header, its
CMake lines build it, and its trace is the one that the README shows."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tools import sending

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
import single_header  # noqa: E402

WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror".split()


def blocks(text):
    """The fenced blocks by language, in order."""
    found = {}
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        found.setdefault(language, []).append(block)
    return found


def run(command, folder, **more):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        raise SystemExit(f"{command} failed:\n{done.stdout}")
    return done.stdout


def without_times(tree):
    return [re.sub(r"\d+(\.\d+)? (ns|µs|ms|s)\b", "<time>", line).rstrip() for line in tree.splitlines() if line.strip()]


def main(_build):
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    shown = blocks(text)
    (program,), (cmake,), (tree,) = shown["cpp"], shown["cmake"], shown["text"]
    compile_line = next(block for block in shown["sh"] if block.startswith("g++ ")).split()

    with tempfile.TemporaryDirectory() as folder:
        def path(*parts):
            return os.path.join(folder, *parts)

        os.makedirs(path("single_include", "arthur"))
        with open(path("single_include", "arthur", "arthur.hpp"), "w", encoding="utf-8") as file:
            file.write(single_header.make())
        with open(path("agent.cpp"), "w", encoding="utf-8") as file:
            file.write(program)
        run(compile_line + WARNINGS, folder)
        got = run([path("agent")], folder, env={**sending.environment(), "OTEL_TRACES_EXPORTER": "console"}, timeout=60)
        lines = without_times(got)
        wanted = without_times(tree)
        if not wanted or not any(lines[n:n + len(wanted)] == wanted for n in range(len(lines))):
            raise SystemExit(f"The README shows\n{tree}\nbut the program gave\n{got}")
        print("the program compiles, and its trace is as shown")

        os.remove(path("agent"))
        shutil.rmtree(path("single_include"))
        os.symlink(ROOT, path("arthur"))
        with open(path("CMakeLists.txt"), "w", encoding="utf-8") as file:
            file.write(f"cmake_minimum_required(VERSION 3.16)\nproject(readme LANGUAGES CXX)\n{cmake}")
        run(["cmake", "-S", ".", "-B", "build", "-G", "Ninja"], folder)
        run(["cmake", "--build", "build"], folder)
        assert os.path.exists(path("build", "agent"))
        print("the CMake lines build it")

    links = re.findall(r"\]\(([^)#:]+)\)", text)
    missing = [link for link in links if not os.path.exists(os.path.join(ROOT, link))]
    print("\n".join(f"the README links to {link}, which doesn't exist" for link in missing))
    return 1 if missing or not links else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

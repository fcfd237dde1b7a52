#!/usr/bin/env python3
"""Turns the lines of the benchmarks (name, value, unit, goal, value in floors) into a table and a JSON file.

report.py <json file> [--check] < lines
--check: fails where a figure in units of the floor F is more than three times its goal, or a count that must be 0 isn't.
Times and rates are only shown: other work on the machine changes them.
"""
import json
import sys

check = "--check" in sys.argv
rows, broken = [], []
for line in sys.stdin:
    name, value, unit, goal, floors = (line.rstrip("\n").split("\t") + ["0"])[:5]
    value, floors = float(value), float(floors)
    verdict = ""
    if goal:
        sign, limit = goal.split()
        limit = float(limit)
        verdict = "met" if (value <= limit if sign == "<=" else value >= limit) else "missed"
        wide = unit == "F" and value > 3 * limit or sign == "<=" and limit == 0 and unit != "%" and value > 0
        if check and wide:
            broken.append(name)
    rows.append({"name": name, "value": value, "unit": unit, "goal": goal, "verdict": verdict, "floors": floors or None})

width = max((len(r["name"]) for r in rows), default=0)
for r in rows:
    v = r["value"]
    shown = f"{v:,.0f}" if abs(v) >= 1000 or v == int(v) else f"{v:.2f}" if abs(v) < 10 else f"{v:.1f}"
    ratio = f"{r['floors']:.3g} F" if r["floors"] else ""
    print(f"{r['name']:{width}}  {shown:>11} {r['unit']:<8} {ratio:>9} {r['goal']:<11} {r['verdict']}")
with open(sys.argv[1], "w") as out:
    json.dump(rows, out, indent=1)
for name in broken:
    print(f"BROKEN: {name}")
sys.exit(bool(broken))

#!/usr/bin/env python3
"""Makes the table of speed of the lines that benches left: table.py LINES OUT.json

LINES has a JSON object a line (bench/lib/line.h). Prints a table, and writes the same with machine,
load, date and commit. A line that was measured twice stands twice."""
import datetime, json, os, platform, subprocess, sys


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def judged(line):
    """What is aimed at, in words, and whether it is met; None: nothing is."""
    words, met = [], True
    ratio = line["figure"] / line["limit"] if line.get("limit") else None
    for key, value, sign in (("at_least", line["figure"], ">="), ("at_most", line["figure"], "<="),
                             ("ratio_at_least", ratio, ">="), ("ratio_at_most", ratio, "<=")):
        if key not in line:
            continue
        words.append(("ratio " if key.startswith("ratio") else "") + sign + " " + number(line[key]))
        good = value is not None and (value >= line[key] if sign == ">=" else value <= line[key])
        met = met and good
    return (", ".join(words), met) if words else None


def machine():
    model = "unknown"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            model = next((l.split(":", 1)[1].strip() for l in f if l.startswith("model name")), model)
    except OSError:
        pass
    return {"processor": model, "processors": os.cpu_count(), "system": platform.release()}


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        lines = sorted((json.loads(l) for l in f if l.strip()), key=lambda l: l["part"])
    head = ("", "what", "figure", "beside it", "limit", "ratio", "aim", "")
    rows = []
    for line in lines:
        limit = line.get("limit")
        aim = judged(line)
        line["ratio"] = line["figure"] / limit if limit else None
        line["met"] = aim[1] if aim else None
        rows.append((line["part"], line["what"], f'{number(line["figure"])} {line["unit"]}',
                     line.get("beside", ""), number(limit) if limit else "",
                     f'{line["ratio"]:.2f}' if limit else "", aim[0] if aim else "",
                     "" if not aim else "met" if aim[1] else "MISSED"))
    widths = [max(len(r[i]) for r in [head] + rows) for i in range(len(head))]
    for row in [head] + rows:
        print("  ".join(c.rjust(w) if i in (2, 4, 5) else c.ljust(w)
                        for i, (c, w) in enumerate(zip(row, widths))).rstrip())
    missed = sum(1 for l in lines if l["met"] is False)
    print(f"{len(lines)} lines, {missed} aims missed; load now {os.getloadavg()[0]:.1f}")
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        json.dump({"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                   "commit": commit(), "machine": machine(), "load": os.getloadavg(),
                   "lines": lines}, f, indent=1)
        f.write("\n")


main()

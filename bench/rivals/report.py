"""The results as data and as a table."""

import os
import platform
import re
import statistics
import subprocess

import systems


def first_match(pattern, path):
    with open(path, encoding="utf-8") as file:
        found = re.search(pattern, file.read(), re.MULTILINE)
    return found.group(1).strip() if found else "unknown"


def commit():
    def git(*words):
        done = subprocess.run(["git", "-C", systems.HERE, *words], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changes = "+changes" if git("status", "--porcelain", "-uno") else ""
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + changes


def machine():
    return {
        "processor": first_match(r"^model name\s*: (.*)$", "/proc/cpuinfo"),
        "cores": os.cpu_count(),
        "memory_mib": int(first_match(r"^MemTotal:\s*(\d+)", "/proc/meminfo")) >> 10,
        "system": first_match(r'^PRETTY_NAME="(.*)"$', "/etc/os-release"),
        "python": platform.python_version(),
    }


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def number(value):
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:,.4g}"


def rates(rounds):
    return [r["events"] / r["seconds"] for r in rounds]


def summed_up(results):
    """`results`: by system, a status and its rounds. Ratios are ours by theirs, round by round."""
    rows = []
    for system, result in results.items():
        row = {"name": system.name, "kind": system.kind, "note": system.note, "status": result["status"],
               "rounds": result["rounds"]}
        if result["rounds"]:
            last = result["rounds"][-1]
            row["events_per_second"] = spread(rates(result["rounds"]))
            for held in ("disk", "memory"):
                size = last.get(f"{held}_bytes")
                row[f"{held}_bytes_per_event"] = None if size is None else size / last["events"]
            row["version"] = last.get("version", "")
            ours = next((r["rounds"] for s, r in results.items() if s.kind == system.kind and not s.program), [])
            ratios = [a / b for a, b in zip(rates(ours), rates(result["rounds"]))]
            if system.program and ratios:
                row["ours_by_theirs"] = spread(ratios)
        rows.append(row)
    return rows


def ranged(values, form):
    return " | ".join(format(values[name], form) for name in ("median", "min", "max"))


def evidence(document):
    """What our stores keep of an event so that it can be taken back; the others keep none."""
    kept = [f"{row['name']} {row['disk_bytes_per_event']:.0f} B on disk, {row['memory_bytes_per_event']:.0f} B resident"
            for row in document["systems"]
            if row["name"].startswith("polyonym") and row.get("disk_bytes_per_event") is not None]
    return f"Evidence and index kept an event: {'; '.join(kept) or 'not measured'}. The other systems keep no evidence."


def markdown(document):
    m = document["machine"]
    lines = [
        f"{document['events']:,} events, {document['batch']:,} a commit, {document['rounds']} rounds; "
        f"{document['reference']['identifiers']:,} identifiers in {document['reference']['components']:,} components. "
        f"{m['processor']}, {m['cores']} cores, {m['memory_mib'] >> 10} GiB, {m['system']}, Python {m['python']}; "
        f"load average {document['load_before']:.1f} before, {document['load_after']:.1f} after; "
        f"commit {document['commit']}.",
    ]
    for kind, meaning in systems.KINDS.items():
        rows = [row for row in document["systems"] if row["kind"] == kind]
        if not rows:
            continue
        lines += ["", f"**{kind}**: {meaning}", "",
                  "| system | version | events/s: median | min | max | ours by theirs: median | min | max "
                  "| disk B/event | |",
                  "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --- |"]
        for row in rows:
            status = row["status"].split("\n")[0]
            if "events_per_second" not in row:
                lines.append(f"| {row['name']} | | | | | | | | | {status} |")
                continue
            ratio = ranged(row["ours_by_theirs"], ".2f") if "ours_by_theirs" in row else "| |"
            disk = row["disk_bytes_per_event"]
            notes = "; ".join(text for text in (row["note"], "" if status == "ok" else status) if text)
            lines.append(f"| {row['name']} | {row['version']} | {ranged(row['events_per_second'], ',.0f')} | {ratio} | "
                         f"{'' if disk is None else format(disk, '.0f')} | {notes} |")
    return "\n".join([*lines, "", evidence(document)]) + "\n"

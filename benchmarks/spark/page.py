"""What was measured on Spark, as pages."""

from typing import Any

from benchmarks.report import where_and_when


def side_by_side(told: dict[str, Any]) -> str:
    """Seconds of each system by files and executors, then those of our phases."""
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items() if version)
    held = "each held to a processor of its own" if told.get("apart") else "on whichever processor is free"
    lines = [
        "# The link step on Spark",
        "",
        f"{where_and_when(told)}; {versions}. A standalone cluster on this machine: executors of one core and "
        f"{told['executor_memory']}, {held}; ours with a driver of {told['driver_memory']}.",
        "",
        "The same files of units and the same model, from the first read to links on disk; the start of the session is "
        "in nobody's time. leo-linkage writes levels, runners-up, decisions and a reason for each unit without a link; "
        '"links only" is a run\'s step with `links_only = true`: links, and who has none, without a reason. Splink '
        "writes best mutual links alone. Driver: Java and Python together, at most.",
        "",
        "| files | rows | system | executors | seconds | of Splink's | against one | CPU s | of Splink's | driver GB "
        "| links |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    rows = told["measured"]
    for row in rows:
        where = f"| {row['set']} | {row['left']:,} x {row['right']:,} | {row['system']} | {row['executors']} |"
        if "failed" in row:
            lines.append(f"{where} {row['failed']} | | | | | | |")
            continue
        shares = {}
        for what in ("seconds", "cpu_seconds"):
            splink = _figure(rows, row, what, system="Splink 5")
            shares[what] = f"{row[what] / splink:.0%}" if splink and row["system"] != "Splink 5" else ""
        alone = _figure(rows, row, "seconds", executors=1)
        faster = f"{alone / row['seconds']:.2f}" if alone and row["executors"] > 1 else ""
        lines.append(
            f"{where} {row['seconds']:.1f} | {shares['seconds']} | {faster} | {row['cpu_seconds']:.0f} "
            f"| {shares['cpu_seconds']} | {row['driver_gb']:.2f} | {row['links']:,} |"
        )
    return "\n".join([*lines, "", *_phases(rows)])


def _figure(rows: list[dict[str, Any]], like: dict[str, Any], what: str, **other: Any) -> float | None:
    """A figure of the row that is like this one but for what is named."""
    wanted = {key: like[key] for key in ("set", "system", "executors")} | other
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items()) and what in row]
    return found[0][what] if found else None


def _phases(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "## By phase",
        "",
        "| files | system | executors | phase | seconds | jobs | tasks | task s | of the busiest | MB shuffled "
        "| rows shuffled |",
        "|---|---|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        for phase, seconds in row.get("phases", {}).items():
            did = row["tasks"].get(phase, {})
            lines.append(
                f"| {row['set']} | {row['system']} | {row['executors']} | {phase} | {seconds:.1f} "
                f"| {did.get('jobs', 0):.0f} | {did.get('tasks', 0):.0f} | {did.get('task_seconds', 0):.1f} "
                f"| {did.get('busiest_seconds', 0):.1f} | {did.get('bytes_shuffled', 0) / 1e6:,.1f} "
                f"| {did.get('rows_shuffled', 0):,.0f} |"
            )
    return [*lines, ""]

"""What MariaDB takes of memory and processor, set as k8s/base/mysql.yaml sets MySQL.

``python -m benchmarks.server_memory [--json] [--items N]``: posts and comments go through the store
step into MariaDB and the server that speaks MongoDB's protocol, as in ``benchmarks.storage``.
MongoDB's own server is not measured: what stands in for it is a program in Python.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from benchmarks.goals import Goal, show
from benchmarks.storage import cpu_seconds, rate
from k8s.lint.resources import quantity
from storage import StoreOptions, open_store
from tests.store_servers import prepare_mariadb, running_mariadb, running_mongodb

MANIFEST = Path(__file__).parents[1] / "k8s" / "base" / "mysql.yaml"
STORE = "mysql+mongodb"


def container() -> dict[str, Any]:
    """Return the manifest's container."""
    workload = next(yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")))
    found: dict[str, Any] = workload["spec"]["template"]["spec"]["containers"][0]
    return found


def memory(pid: int, line: str) -> float:
    """Return a figure of a process' memory in MiB: ``VmRSS``, or ``VmHWM`` for its peak."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(each.split()[1]) / 1024 for each in lines if each.startswith(line))


def measured(items: int, given: dict[str, Any]) -> list[Goal]:
    """Store so many items; return what MariaDB took meanwhile."""
    most = {name: quantity(text) for name, text in given["resources"]["limits"].items()}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for part in ("m", "d"):
            (folder / part).mkdir()
        prepare_mariadb(folder / "m")
        process, sql = stack.enter_context(
            running_mariadb(folder / "m", settings=("--skip-log-bin", *given["args"]))
        )
        _, documents = stack.enter_context(running_mongodb(folder / "d"))
        options = StoreOptions(mysql_url=sql, mongodb_url=documents)
        open_store(STORE, "", options).init()
        idle, before, began = memory(process.pid, "VmRSS"), cpu_seconds(process.pid), time.time()
        path = folder / "s" / "store.db"
        a_second = asyncio.run(rate(STORE, path, options, first=0, count=items))
        cores = (cpu_seconds(process.pid) - before) / (time.time() - began)
        peak = memory(process.pid, "VmHWM")
        files = sum(f.stat().st_size for f in (folder / "m" / "data").rglob("*") if f.is_file())
    return [
        Goal("items/s", a_second),
        Goal("MariaDB's memory before, MiB", idle),
        Goal("MariaDB's memory at most, MiB", peak, f"<= {most['memory'] / 2**20}"),
        Goal("MariaDB's files, MiB", files / 2**20),
        Goal("cores that MariaDB took", cores, f"<= {most['cpu']}"),
    ]


def main() -> None:
    """Measure, and hold it against the manifest's limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=40_000)
    parser.add_argument("--json", action="store_true")
    show(measured(parser.parse_args().items, container()))


if __name__ == "__main__":
    main()

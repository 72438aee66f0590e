"""What `./run bench` leaves for plots and comparisons: the rows of a part, as JSON, with the machine that they are of."""

import json
import os
import pathlib
import platform

from lab.penstockd import build_directory


def machine() -> dict:
    """What figures depend on."""
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    huge = next(line.split()[1] for line in pathlib.Path("/proc/meminfo").read_text().splitlines() if line.startswith("HugePages_Total"))
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": platform.release(), "huge_pages": int(huge), "load": round(os.getloadavg()[0], 2)}


def write_rows(part: str, rows: list[dict]) -> pathlib.Path:
    """To build/bench/PART.json, beside the machine."""
    file = build_directory() / "bench" / f"{part}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")
    return file

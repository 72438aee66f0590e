"""`./run bench plot`: what `./run bench forward` and `./run bench ipvs` measured, as a picture: cost of an established packet over the number of flows.

    python3 -m lab.plot_costs [PICTURE.svg]

By gnuplot. On the left nanoseconds at the processor's full speed, of the rows with one worker and frames of 60 bytes: a line for each program
and device. On the right instructions, beside the kernel's IPVS.
"""

import argparse
import json
import pathlib
import subprocess
import sys

from lab.penstockd import ROOT, build_directory

CASE, SIZE, WORKERS = "established", 60, 1
# Not memif: there the generator decides what a packet costs.
DEVICES = {"pcap": "net_pcap", "source": "net_null, filled"}
LABELS = {"penstock": "penstockd", "ipvs": "Linux, IPVS"}
Curves = dict[str, list[tuple[int, float]]]


def curves_of(rows: list[dict], figure: str) -> Curves:
    """By the curve's title: flows and costs, in order."""
    curves: Curves = {}
    for row in rows:
        if row.get("device", "source") not in DEVICES:
            continue
        if (row["case"], row.get("size", SIZE), row.get("workers")) == (CASE, SIZE, WORKERS) and row.get(figure) is not None:
            program = LABELS.get(row["program"], row["program"])
            title = f"{program}, {DEVICES[row['device']]}" if "device" in row else program
            curves.setdefault(title, []).append((row["flows"], row[figure]))
    return {title: sorted(points) for title, points in sorted(curves.items())}


def panel(name: str, title: str, unit: str, curves: Curves, settings: str) -> str:
    """One of the pictures beside each other, in gnuplot's language."""
    blocks = "".join(f"${name}{number} << END\n" + "".join(f"{flows} {cost}\n" for flows, cost in points) + "END\n"
                     for number, points in enumerate(curves.values()))
    lines = ", ".join(f"${name}{number} using 1:2 with linespoints pointtype {5 + number} title '{title}'" for number, title in enumerate(curves))
    return f"{blocks}set title '{title}' noenhanced\nset ylabel '{unit} a packet'\n{settings}plot {lines}\n"


def rows_of(part: str) -> tuple[list[dict], dict]:
    """And the machine that they are of; exits where they were not measured."""
    file = build_directory() / "bench" / f"{part}.json"
    if not file.exists():
        sys.exit(f"plot_costs: there is no {file}: ./run bench {part} makes it")
    measured = json.loads(file.read_text())
    return measured["rows"], measured["machine"]


def main() -> int:
    parser = argparse.ArgumentParser(description="A picture of the rows of bench forward and bench ipvs.")
    parser.add_argument("picture", nargs="?", type=pathlib.Path, default=ROOT / "docs" / "cost-over-flows.svg")
    arguments = parser.parse_args()
    (forward, machine), (ipvs, _) = rows_of("forward"), rows_of("ipvs")
    nanoseconds, instructions = curves_of(forward, "ns_at_full_speed"), curves_of(ipvs, "instructions_per_packet")
    if not nanoseconds or not instructions:
        sys.exit(f"plot_costs: no row of case '{CASE}'")
    program = (f"set terminal svg size 1000,440 font 'sans-serif,12' background '#ffffff'\nset output '{arguments.picture}'\n"
               "set multiplot layout 1,2\nset xlabel 'flows'\nset logscale x 10\nset format x '10^{%L}'\nset key noenhanced\nset grid\n"
               + panel("ns", f"established, 60 bytes, one worker; {machine['cpu']}", "nanoseconds", nanoseconds, "set yrange [0:*]\nset key top left\n")
               + panel("ins", "the same in a guest that counts", "instructions", instructions,
                       "set logscale y 10\nset yrange [100:20000]\nset xrange [0.8:10000]\nset key center right\n"))
    subprocess.run(["gnuplot"], input=program, text=True, check=True)
    print(arguments.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Command line of the lab: python3 -m lab up | down | list | exec NODE COMMAND..."""

import os
import sys

from lab import topology
from lab.lab import Lab

USAGE = "usage: ./run lab up | down | list | exec NODE COMMAND...   (LAB_ID names another lab than \"ps\")"


def show(lab: Lab) -> None:
    print(f"{'node':10} {'namespace':14} {'interface':9} addresses")
    for node in topology.NODES:
        remark = "" if node.owns_addresses else "  (for penstockd's TAP: --address)"
        print(f"{node.name:10} {lab.namespace(node.name):14} {node.interface:9} {' '.join(node.addresses + node.addresses6)}{remark}")


def main(arguments: list[str]) -> int:
    lab = Lab()
    match arguments:
        case ["up"]:
            lab.up()
            show(lab)
            print(f"configuration: {lab.configuration}")
        case ["down"]:
            lab.down()
        case ["list"]:
            show(lab)
        case ["exec", name, *command] if command:
            if name not in ("bridge", *(node.name for node in topology.NODES)):
                sys.exit(f"no node {name} in the lab; there are: {' '.join(node.name for node in topology.NODES)}")
            whole = lab.command(name, *command)
            os.execvp(whole[0], whole)
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

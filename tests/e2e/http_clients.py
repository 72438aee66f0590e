"""Clients of the virtual service, in the client's namespace."""

import re
import subprocess

from lab import topology
from lab.lab import Lab


def curl(lab: Lab, host: str = topology.VIP, port: int = 80) -> str:
    """The page that one request gets; RuntimeError when it fails."""
    return lab.run("client", "curl", "-sS", "--fail", "--max-time", "10", f"http://{host}:{port}/").stdout.strip()


def load(lab: Lab, port: int, requests: int, concurrency: int) -> list[str]:
    """That many requests, each on a connection of its own, shared among all addresses of the client. Returns the complaints of ab."""
    addresses = topology.CLIENT.addresses
    programs = [subprocess.Popen(lab.command("client", "ab", "-q", "-l", "-s", "30", "-B", address, "-n", str(requests // len(addresses)),
                                             "-c", str(concurrency // len(addresses)), f"http://{topology.VIP}:{port}/"),
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for address in addresses]
    return [f"from {address}: {complaint}" for address, program in zip(addresses, programs)
            for complaint in complaints(program.communicate(timeout=600)[0], program.returncode, requests // len(addresses))]


def complaints(report: str, status: int, expected: int) -> list[str]:
    """What is wrong in a report of ab: failed, unfinished or unsuccessful requests."""
    numbers = {name: int(value) for name, value in re.findall(r"(?m)^([\w -]+): +(\d+)", report)}
    found = []
    if status != 0:
        found.append(f"ab ended with {status}: {report.strip().splitlines()[-1:]}")
    if numbers.get("Complete requests") != expected:
        found.append(f"complete: {numbers.get('Complete requests')} of {expected}")
    return found + [f"{name}: {numbers[name]}" for name in ("Failed requests", "Non-2xx responses") if numbers.get(name)]

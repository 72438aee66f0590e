"""The scenarios import the lab package from the project's root."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))


def pytest_addoption(parser):
    parser.addoption("--record", action="store_true", help="write the kernel's transcript anew")

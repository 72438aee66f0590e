"""The lab, the daemons and the servers are the end-to-end tests'."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e")]

from tests.e2e.conftest import configuration, echo_servers, lab, make_daemon  # noqa: E402, F401

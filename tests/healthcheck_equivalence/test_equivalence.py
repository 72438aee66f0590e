"""penstockd does what Debian's keepalived does, when keepalived does it: ten scenarios, the same servers, the same configuration.

recorded-keepalived.txt is what keepalived did; it is compared with a fresh run, so that a change of the scenarios shows in review as a change of
what keepalived does. Write it anew, on a quiet machine, with

    python3 -m pytest tests/healthcheck_equivalence --record

penstockd is compared with the fresh run: both met the same machine. `-rP` shows the largest deviation of each scenario.
"""

import pytest
from comparison import compare
from conftest import RECORDED
from differences import UNSTEADY, differences_of
from recording import from_text, to_text
from scenarios import SCENARIOS


def judge(what: str, name: str, reference, observed, differences) -> None:
    verdict = compare(reference, observed, differences)
    print(f"{what}, {name}: largest deviation {verdict.deviation * 1000:+.1f} ms ({verdict.where})")
    assert not verdict.complaints, "\n".join(("", *verdict.complaints, to_text({name: observed})))


@pytest.mark.parametrize("name", SCENARIOS)
def test_keepalived_does_what_is_recorded(keepalived, name):
    judge("keepalived and its record", name, from_text(RECORDED.read_text())[name], keepalived[name], differences_of(name, UNSTEADY))


@pytest.mark.parametrize("name", SCENARIOS)
def test_penstock_does_what_keepalived_does(keepalived, penstock, name):
    judge("penstockd and keepalived", name, keepalived[name], penstock[name], differences_of(name))

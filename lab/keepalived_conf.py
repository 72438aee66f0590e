"""The lab's keepalived.conf: the how-to's MASTER file, with the digests of the lab's own pages.

howto-master.conf is the how-to's text, byte for byte. Its digests belong to pages that nobody has, so each real server's digest is
replaced by the MD5 of the page which that server has here; that is what keepalived's genhash prints.
"""

import hashlib
import pathlib
import re

HOWTO = pathlib.Path(__file__).parent / "howto-master.conf"


def for_pages(pages: dict[str, bytes]) -> str:
    """The configuration for real servers with these pages, by address. KeyError when a server of the how-to has none."""
    text, count = re.subn(r"(?s)(real_server (\S+) .*?digest )[0-9a-f]{32}",
                          lambda match: match[1] + hashlib.md5(pages[match[2]]).hexdigest(), HOWTO.read_text())
    assert count == len(pages), f"{count} digests in {HOWTO} for {len(pages)} pages"
    return text


def for_backup(text: str, priority: int = 90) -> str:
    """The how-to's BACKUP file, made from the MASTER's: its point 4 says which three things to change."""
    for of_master, of_backup in (("router_id CK_TEST", "router_id CK_TEST_BACKUP"), ("state MASTER", "state BACKUP"),
                                 ("priority 100", f"priority {priority}")):
        assert text.count(of_master) == 1, of_master
        text = text.replace(of_master, of_backup)
    return text


def without_real_server(text: str, address: str) -> str:
    """The same configuration with one real server's block removed, as an operator would with an editor."""
    shorter, count = re.subn(rf"(?ms)^ *real_server {re.escape(address)} .*?^    \}}\n\n?", "", text)
    assert count == 1, f"{count} blocks of real_server {address}"
    return shorter

"""clientpage - the configuration files that docs/clients.md tells people to
write, read out of that page.

So the tests run what the page says, and the page cannot rot.  On the page a
file follows a line such as "In `~/.msmtprc`:", what another port needs is
added to it behind "For port 587 add to `~/.msmtprc`:".
"""

import pathlib
import re

from rig import ROOT

PAGE = ROOT / "docs/clients.md"

# What stands on the page for everybody's own.
SERVER = "submit.example.net"
ADDRESS = "alice@example.net"
PASSWORD = "the password"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
LOGIN = "alice"

FILE = re.compile(r"^(In|For port 587 add to) `~/([^`]+)`[^\n]*:\n\n"
                  r"((?:(?: {4}[^\n]*)?\n)+)", re.M)


class PageError(Exception):
    """The page does not have what it should."""


def section(heading):
    """The text under a heading, up to the next of the same level."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^\1 |\Z)", text,
                      re.M | re.S)
    if not found:
        raise PageError(f"{PAGE.name} has no section {heading!r}")
    return found.group(2)


def filled_in(text, account, sender, home):
    """What the page shows, with one's own server, names and password."""
    if account.user != LOGIN:
        raise PageError(f"the page logs in as {LOGIN}, not {account.user}")
    for shown, own in ((SERVER, account.host), (ADDRESS, sender),
                       (AUTHORITIES, str(account.ca)),
                       (PASSWORD, account.password), ("~/", f"{home}/")):
        text = text.replace(shown, own)
    return re.sub(r"\b(465|587)\b", str(account.port), text)


def write_files(heading, account, sender, home):
    """Write the files of a section into home, and the password's own."""
    files = {}
    for kind, name, block in FILE.findall(section(heading)):
        if kind == "In" or not account.implicit:
            lines = [line[4:] for line in block.splitlines()]
            files[name] = files.get(name, "") + "\n".join(lines)
    if not files:
        raise PageError(f"{PAGE.name}: no file under {heading!r}")
    files[".mail-password"] = account.password + "\n"
    for name, text in files.items():
        path = pathlib.Path(home, name)
        path.write_text(filled_in(text, account, sender, home))
        path.chmod(0o600)

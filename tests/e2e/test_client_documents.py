"""docs/clients: what mail programs read to set themselves up."""

import plistlib
import re
import xml.etree.ElementTree as ElementTree

import pytest

from rig import ROOT

FILES = ROOT / "docs/clients"
HOST = "submit.example.net"

RECORD = re.compile(r"^(\S+)\.\s+\d+\s+IN\s+SRV\s+(\d+)\s+(\d+)\s+(\d+)"
                    r"\s+(\S+)\.$")


def test_zone_has_both_services_and_prefers_implicit_tls():
    """RFC 6186, 3.1; RFC 8314, 4 and 5.1."""
    records = {}
    for line in (FILES / "srv.zone").read_text().splitlines():
        if line and not line.startswith(";"):
            name, priority, _, port, target = RECORD.match(line).groups()
            records[name] = (int(priority), int(port), target)
    assert set(records) == {"_submissions._tcp.example.net",
                            "_submission._tcp.example.net"}
    assert records["_submissions._tcp.example.net"] == (0, 465, HOST)
    assert records["_submission._tcp.example.net"] == (10, 587, HOST)


def test_autoconfig_offers_implicit_tls_first_and_never_plain():
    root = ElementTree.parse(FILES / "config-v1.1.xml").getroot()
    assert (root.tag, root.get("version")) == ("clientConfig", "1.1")
    (provider,) = root
    assert provider.get("id") == provider.findtext("domain") == "example.net"
    assert provider.findtext("displayName")
    # Thunderbird takes no file without a server for reading.
    assert provider.find("incomingServer").get("type") == "imap"
    servers = provider.findall("outgoingServer")
    assert {server.get("type") for server in servers} == {"smtp"}
    offered = [tuple(server.findtext(tag) for tag in (
        "hostname", "port", "socketType", "authentication", "username"))
        for server in servers]
    assert offered == [
        (HOST, "465", "SSL", "password-cleartext", "%EMAILADDRESS%"),
        (HOST, "587", "STARTTLS", "password-cleartext", "%EMAILADDRESS%")]
    assert {e.text for e in root.iter("socketType")} == {"SSL", "STARTTLS"}


def test_apple_profile_uses_implicit_tls_and_holds_no_password():
    profile = plistlib.loads((FILES / "submitd.mobileconfig").read_bytes())
    assert profile["PayloadType"] == "Configuration"
    (mail,) = profile["PayloadContent"]
    for payload in (profile, mail):
        assert payload["PayloadVersion"] == 1
        assert payload["PayloadIdentifier"] and payload["PayloadUUID"]
    assert profile["PayloadUUID"] != mail["PayloadUUID"]
    assert mail["PayloadType"] == "com.apple.mail.managed"
    assert mail["EmailAccountType"] == "EmailTypeIMAP"
    assert {k: v for k, v in mail.items() if k.startswith("Outgoing")} == {
        "OutgoingMailServerHostName": HOST,
        "OutgoingMailServerPortNumber": 465,
        "OutgoingMailServerUseSSL": True,
        "OutgoingMailServerAuthentication": "EmailAuthPassword",
        "OutgoingMailServerUsername": "alice",
        "OutgoingPasswordSameAsIncomingPassword": True}
    assert not [k for k in mail if k.endswith("ServerPassword")
                or k in ("IncomingPassword", "OutgoingPassword")]


@pytest.mark.parametrize("path", sorted(FILES.iterdir()),
                         ids=lambda path: path.name)
def test_page_leads_to_each_file(path):
    page = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
    assert f"(clients/{path.name})" in page

"""Bounces to the letter: RFC 3461, 3464, 6522 and 3834, as they are sent.

The sink refuses or delays some recipients; what comes back to the sender
arrives at the same sink, and is taken apart with Python's own parser.
"""

import email
import email.policy
import re

import pytest

from conftest import compose
from rig import wait_until
from sinkgateway import sink_gateway

ALICE = "alice@example.org"
US = "submit.example.org"
DATE = r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"


@pytest.fixture(scope="module")
def pair(ground, slapd):
    with sink_gateway(ground, slapd, spool={"retry_min": "1s"},
                      smarthost={"retry_dead": "100ms"}) as pair:
        yield pair


def judge(recipient, conn):
    """By its name: 550, a plain 550, 556; else fine."""
    for name, words in (("no-", "550 5.1.1 <x> no such user"),
                        ("bare-", "550 no"),
                        ("null-", "556 5.1.10 null MX")):
        if name in recipient:
            return words
    return None


@pytest.fixture
def sink(pair):
    pair[1].taken.clear()
    pair[1].answers["RCPT"] = judge
    yield pair[1]
    pair[1].answers.clear()


class Report:
    """A bounce: its envelope, its three parts, its fields."""

    def __init__(self, mail):
        self.mail = mail
        self.message = email.message_from_bytes(
            mail.content, policy=email.policy.SMTP)
        self.parts = list(self.message.iter_parts())
        head, *groups = self.parts[1].get_payload()
        self.head, self.groups = head, groups

    def of(self, recipient):
        (group,) = [g for g in self.groups
                    if g["Final-Recipient"].endswith(recipient)]
        return group


def submit(pair, *recipients, sender=ALICE, body=b"One line.\r\n"):
    with pair[0].login() as client:
        reply = client.mail(sender, recipients, compose("bounce", body))
    assert reply.code == 250, reply


def reports(sink):
    return [m for m in sink.taken if b"multipart/report" in m.content]


def report(sink):
    wait_until("a report is sent", lambda: reports(sink))
    (mail,) = reports(sink)
    return Report(mail)


def test_one_report_for_all_that_failed(pair, sink):
    """RFC 5321, 4.4: the accepted ones are none of its business."""
    submit(pair, "a@example.net", "no-1@Example.net", "no-2@example.net",
           "bare-3@example.net")
    got = report(sink)
    assert (got.mail.sender, got.mail.recipients) == ("", [ALICE])
    assert sorted(g["Final-Recipient"] for g in got.groups) == [
        "rfc822; bare-3@example.net", "rfc822; no-1@Example.net",
        "rfc822; no-2@example.net"]
    assert b"a@example.net" not in got.mail.content


def test_form_of_a_report(pair, sink):
    submit(pair, "a@example.net", "no-1@example.net")
    got = report(sink)
    message = got.message
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message["To"].addresses[0].addr_spec == ALICE
    assert message["From"].addresses[0].username.lower() == "postmaster"
    assert message["Auto-Submitted"].startswith("auto-replied")
    assert len(message.get_all("Message-ID")) == 1
    assert re.fullmatch(DATE, message["Date"])
    kinds = [p.get_content_type() for p in got.parts]
    assert kinds == ["text/plain", "message/delivery-status",
                     "message/rfc822"]
    assert got.parts[1].get("Content-Transfer-Encoding", "7bit") == "7bit"
    assert got.parts[2].get_payload(0)["Subject"] == "bounce"
    assert "One line." in got.parts[2].get_payload(0).get_payload()
    assert all(octet < 0x80 for octet in got.mail.content)
    assert max(len(x) for x in got.mail.content.split(b"\r\n")) <= 998


def test_fields_of_a_report(pair, sink):
    submit(pair, "a@example.net", "no-1@example.net", "bare-2@example.net",
           "null-3@example.net")
    got = report(sink)
    assert got.head["Reporting-MTA"] == f"dns; {US}"
    assert re.fullmatch(DATE, got.head["Arrival-Date"])
    for name in ("DSN-Gateway", "Original-Envelope-Id",
                 "Future-Release-Request"):
        assert got.head[name] is None
    for recipient, status, words in (
            ("no-1@example.net", "5.1.1", "550 5.1.1 <x> no such user"),
            ("bare-2@example.net", "5.0.0", "550 no"),
            ("null-3@example.net", "5.1.10", "556 5.1.10 null MX")):
        group = got.of(recipient)
        assert group["Action"] == "failed" and group["Status"] == status
        assert group["Diagnostic-Code"] == "smtp; " + words
        assert group["Remote-MTA"].startswith("dns; ")
        assert group["Original-Recipient"] is None
        assert group["Will-Retry-Until"] is None


def test_no_report_about_a_report(pair, sink):
    """RFC 5321, 6.1: the empty sender hears nothing; the log does."""
    mark = pair[0].process.mark()
    submit(pair, "a@example.net", "no-1@example.net", sender="")
    pair[0].process.wait_log(r"no-1@example\.net|unreported|dropped|undeliver",
                             since=mark)
    submit(pair, "a@example.net", "no-2@example.net")
    got = report(sink)
    assert [g["Final-Recipient"] for g in got.groups] == [
        "rfc822; no-2@example.net"]


def test_8bit_message_comes_back_declared(pair, sink):
    """RFC 6152, 3: what is 8-bit says so, in envelope and part."""
    submit(pair, "a@example.net", "no-1@example.net",
           body="grüße\r\n".encode())
    got = report(sink)
    assert "BODY=8BITMIME" in got.mail.parameters
    assert got.parts[2]["Content-Transfer-Encoding"] == "8bit"
    assert "grüße".encode() in got.mail.content
    assert got.of("no-1@example.net")["Action"] == "failed"

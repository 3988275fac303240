"""Delivery status notifications: who gets which, and that others can read it.

Through a real Postfix into the sender's mailbox, parsed by Python's email and
by a bounce parser of Perl; and against a sink that refuses at will.
"""

import email
import email.policy
import email.utils
import os
import signal
import subprocess

import pytest

from conftest import compose
from rig import wait_until
from smtpsink import OFFERS, SmtpSink

ALICE = "alice@example.org"
QUICK = {"retry_min": "1s", "retry_max": "1s"}

PARSER = """
use Mail::DeliveryStatus::BounceParser;
my $b = Mail::DeliveryStatus::BounceParser->new(\\*STDIN);
print "bounce=", $b->is_bounce, "\\n";
for ($b->reports) {
    print join(" ", map { $_ // "" } $_->get("email"), $_->get("std_reason"),
        $_->get("smtp_code")), "\\n";
}
"""


def submit(gateway, recipients, content, sender=ALICE):
    with gateway.login() as client:
        reply = client.mail(sender, recipients, content)
    assert reply.code == 250, reply
    return reply


class Report:
    """A report, taken apart by Python's email package."""

    def __init__(self, raw):
        self.raw = raw
        self.message = email.message_from_bytes(raw,
                                                policy=email.policy.default)
        assert not self.message.defects
        assert self.message.get_content_type() == "multipart/report"
        self.text, self.status, self.original = self.message.iter_parts()
        for part in self.message.walk():
            assert not part.defects, part.defects
        self.about, *self.recipients = self.status.iter_parts()

    def of(self, address):
        """The fields about one recipient."""
        (found,) = [r for r in self.recipients
                    if r["Final-Recipient"] == f"rfc822; {address}"]
        return found


def wait_report(postfix, token):
    """The one report in the sender's mailbox that names the message."""
    def arrived():
        return [d for d in postfix.with_text(token)
                if d.message["Auto-Submitted"]]

    wait_until("the report arrives", arrived)
    (delivered,) = arrived()
    assert delivered.recipient == ALICE
    return delivered, Report(delivered.raw)


def parse_with_perl(raw):
    done = subprocess.run(["perl", "-e", PARSER], input=raw, timeout=60,
                          stdout=subprocess.PIPE, check=True)
    first, *rest = done.stdout.decode().splitlines()
    return first == "bounce=1", rest


# -- into a real mailbox -----------------------------------------------------


def test_refused_recipient_is_reported_to_the_sender(
        another, postfix, token, message):
    gateway = another()
    submit(gateway, ["bob@example.org", "refused@example.org"], message)
    delivered, report = wait_report(postfix, token)
    head = report.message
    assert delivered.message["Return-Path"] == "<>"
    assert head["From"].addresses[0].addr_spec == (
        "postmaster@submit.example.org")
    assert head["From"].addresses[0].display_name
    assert head["To"] == ALICE
    assert head["Auto-Submitted"] == "auto-replied"
    assert head["In-Reply-To"] == f"<{token}@example.org>"
    assert head["References"] == f"<{token}@example.org>"
    assert head["Message-ID"].endswith("@submit.example.org>")
    assert head["Subject"].startswith("Undelivered")
    assert head.get_param("report-type") == "delivery-status"
    assert report.text.get_content_type() == "text/plain"
    assert "no such mailbox here" in report.text.get_content()
    assert report.about["Reporting-MTA"] == "dns; submit.example.org"
    assert email.utils.parsedate_to_datetime(report.about["Arrival-Date"])
    assert "Original-Envelope-Id" not in report.about
    (fields,) = report.recipients
    assert fields["Final-Recipient"] == "rfc822; refused@example.org"
    assert "Original-Recipient" not in fields
    assert fields["Action"] == "failed"
    assert fields["Status"] == "5.1.1"
    assert fields["Remote-MTA"] == "dns; 127.0.0.1"
    assert fields["Diagnostic-Code"].startswith("smtp; 550 5.1.1 ")
    assert "no such mailbox here" in " ".join(
        fields["Diagnostic-Code"].split())
    assert report.original.get_content_type() == "message/rfc822"
    (inner,) = report.original.iter_parts()
    assert inner["Subject"] == token
    assert "One line." in inner.get_content()
    assert b"bob@example.org" not in delivered.raw.split(b"message/rfc822")[0]
    wait_until("the spool is empty", lambda: gateway.spooled() == [])


def test_another_parser_reads_it(another, postfix, token, message):
    submit(another(), ["bob@example.org", "refused@example.org"], message)
    delivered, _ = wait_report(postfix, token)
    bounce, reports = parse_with_perl(delivered.raw)
    assert bounce
    assert reports == ["refused@example.org user_unknown 550"]


def test_all_refused_is_told_by_the_reply_alone(
        another, postfix, token, message):
    gateway = another()
    with gateway.login() as client:
        reply = client.mail(ALICE, ["refused@example.org"], message)
    assert (reply.code, reply.enhanced()) == (550, "5.1.1"), reply
    assert not gateway.process.find(" report id=")
    assert gateway.spooled() == []
    assert postfix.with_text(token) == []


def test_eight_bit_content_comes_back_whole(another, postfix, token):
    content = compose(token, "Grüße, 漢字\r\n".encode())
    gateway = another()
    with gateway.login() as client:
        for command in (f"MAIL FROM:<{ALICE}> BODY=8BITMIME",
                        "RCPT TO:<bob@example.org>",
                        "RCPT TO:<refused@example.org>"):
            assert client.command(command).code == 250
        assert client.data(content).code == 250
    delivered, report = wait_report(postfix, token)
    assert report.message["Content-Transfer-Encoding"] == "8bit"
    assert report.original["Content-Transfer-Encoding"] == "8bit"
    assert "Grüße, 漢字".encode() in delivered.raw


def test_late_is_told_once(another, postfix, token, message):
    gateway = another(spool={**QUICK, "warn_after": "1s"})
    submit(gateway, ["later@example.org"], message)
    delivered, report = wait_report(postfix, token)
    fields = report.of("later@example.org")
    assert (fields["Action"], fields["Status"]) == ("delayed", "4.2.1")
    until = email.utils.parsedate_to_datetime(fields["Will-Retry-Until"])
    arrival = email.utils.parsedate_to_datetime(
        report.about["Arrival-Date"])
    assert (until - arrival).days == 5
    assert report.original.get_content_type() == "text/rfc822-headers"
    assert b"One line." not in delivered.raw
    assert "need not send it again" in " ".join(
        report.text.get_content().split())
    mark = gateway.process.mark()
    gateway.process.wait_log(r" delivery .*later=1", since=mark)
    gateway.process.wait_log(r" delivery .*later=1",
                             since=gateway.process.mark())
    wait_report(postfix, token)  # still one
    assert len(gateway.spooled()) == 1


def test_too_old_is_told_with_the_last_word(
        another, postfix, token, message):
    gateway = another(spool={**QUICK, "lifetime": "2s"})
    submit(gateway, ["later@example.org"], message)
    _, report = wait_report(postfix, token)
    fields = report.of("later@example.org")
    assert (fields["Action"], fields["Status"]) == ("failed", "5.4.7")
    assert fields["Diagnostic-Code"].startswith("smtp; 451 4.2.1 ")
    assert "Will-Retry-Until" not in fields
    wait_until("the spool is empty", lambda: gateway.spooled() == [])
    assert gateway.process.find(" expired ")


# -- against a sink ----------------------------------------------------------


@pytest.fixture
def sink(ground):
    cert = ground.certificate("smart.example.org", "localhost", "127.0.0.1")
    with SmtpSink(cert, offers=OFFERS) as sink:
        yield sink


@pytest.fixture
def sunk(another, sink):
    """A gateway in front of the sink."""
    return another(smarthost={"server": [sink.server], "retry_dead": "100ms",
                              "connect_timeout": "1s"}, spool=QUICK)


def refuse(*addresses):
    return lambda to, conn: "550 5.1.1 nobody" if to in addresses else None


def in_spool(gateway, directory):
    return [p for p in gateway.spooled() if p.parent.name == directory]


def reports(sink, token):
    return [m for m in sink.with_text(token) if m.sender == ""]


def test_one_report_for_all_of_an_attempt(sunk, sink, token, message):
    gone = [f"gone{i}@example.net" for i in range(3)]
    sink.answers["RCPT"] = refuse(*gone)
    submit(sunk, ["bob@example.org", *gone], message)
    sink.wait(token, 2)
    wait_until("the spool is empty", lambda: sunk.spooled() == [])
    (mail,) = reports(sink, token)
    assert mail.recipients == [ALICE]
    assert "RET=" not in " ".join(mail.parameters)
    report = Report(mail.content)
    assert [r["Final-Recipient"] for r in report.recipients] == [
        f"rfc822; {g}" for g in gone]
    sunk.process.wait_log(r" report id=\w+ user=alice .*report=\w+ failed=3")


def test_refused_at_a_retry(sunk, sink, token, message):
    sink.answers["RCPT"] = lambda to, conn: "451 4.3.0 not now"
    submit(sunk, ["bob@example.org", "gone@example.net"], message)
    sink.answers["RCPT"] = refuse("gone@example.net")
    sink.wait(token, 2)
    wait_until("the spool is empty", lambda: sunk.spooled() == [])
    (mail,) = reports(sink, token)
    fields = Report(mail.content).of("gone@example.net")
    assert (fields["Action"], fields["Status"]) == ("failed", "5.1.1")


def test_nobody_is_told_of_mail_from_nobody(sunk, sink, token, message):
    """Read receipts; an operator finds what failed."""
    sink.answers["RCPT"] = refuse("gone@example.net")
    submit(sunk, ["bob@example.org", "gone@example.net"], message, sender="")
    sunk.process.wait_log(r" held id=")
    (path,) = in_spool(sunk, "held")
    assert token.encode() in path.read_bytes()
    assert in_spool(sunk, "queue") == []
    assert len(sink.with_text(token)) == 1


def test_no_report_is_reported(sunk, sink, token, message):
    sink.answers["RCPT"] = refuse("gone@example.net", ALICE)
    submit(sunk, ["bob@example.org", "gone@example.net"], message)
    sunk.process.wait_log(r" held id=.*sender=<>")
    (path,) = in_spool(sunk, "held")
    assert b"Auto-Submitted: auto-replied" in path.read_bytes()
    wait_until("the queue is empty", lambda: in_spool(sunk, "queue") == [])
    assert len(sink.with_text(token)) == 1
    assert sunk.log().count(" report id=") == 1


def test_large_message_comes_back_as_its_header(sunk, sink, token):
    sink.answers["RCPT"] = refuse("gone@example.net")
    submit(sunk, ["bob@example.org", "gone@example.net"],
           compose(token, (b"x" * 78 + b"\r\n") * 20000))
    sink.wait(token, 2)
    (mail,) = reports(sink, token)
    report = Report(mail.content)
    assert report.original.get_content_type() == "text/rfc822-headers"
    assert len(mail.content) < 10000


def test_report_waits_for_a_smarthost_that_is_away(
        sunk, sink, token, message):
    """It is mail like any other: kept over a restart."""
    sink.answers["RCPT"] = lambda to, conn: (
        "550 5.1.1 nobody" if to == "gone@example.net"
        else "451 4.3.0 not now" if to == ALICE else None)
    submit(sunk, ["bob@example.org", "gone@example.net"], message)
    sunk.process.wait_log(r" delivery .*sender=<> .*later=1")
    sunk.stop()
    assert len(in_spool(sunk, "queue")) == 1
    sink.heal()
    sunk.start()
    sink.wait(token)
    (mail,) = reports(sink, token)
    assert mail.recipients == [ALICE]


def test_kill_between_report_and_record_loses_nothing(
        sunk, sink, token, message):
    """A report may come twice, and never not at all; mail comes once."""
    sink.answers["RCPT"] = lambda to, conn: (
        "451 4.3.0 not now" if to != ALICE else "451 4.3.0 nor you")
    submit(sunk, ["bob@example.org", "gone@example.net"], message)
    (victim,) = sunk.roles("submitd-relay")
    sink.answers["RCPT"] = lambda to, conn: (
        "550 5.1.1 nobody" if to == "gone@example.net"
        else "451 4.3.0 not now")
    queue = sunk.dir / "spool/queue"
    wait_until("the report is in the queue",
               lambda: len(os.listdir(queue)) == 2)
    os.kill(victim, signal.SIGKILL)
    wait_until("the relay is back", lambda: sunk.roles("submitd-relay")
               not in ([], [victim]))
    sink.answers["RCPT"] = refuse("gone@example.net")
    wait_until("the spool is empty", lambda: sunk.spooled() == [])
    assert 1 <= len(reports(sink, token)) <= 2
    (mail,) = [m for m in sink.with_text(token) if m.sender]
    assert mail.recipients == ["bob@example.org"]

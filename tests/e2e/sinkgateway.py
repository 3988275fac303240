"""sinkgateway - a gateway before a smarthost that writes everything down."""

import contextlib
import uuid

from gateway import Submitd
from smtpsink import OFFERS, SmtpSink


@contextlib.contextmanager
def sink_gateway(ground, slapd, offers=OFFERS, **changes):
    """(gateway, sink): started, over verified TLS, and ended behind it."""
    cert = ground.certificate("smart.example.org", "localhost", "127.0.0.1")
    with SmtpSink(cert, offers) as sink:
        changes.setdefault("auth", {"failure_delay": "20ms"})
        gateway = Submitd(ground, slapd.uri, sink.server,
                          name=f"submitd-{uuid.uuid4().hex[:8]}", **changes)
        ground.start(gateway).start()
        try:
            yield gateway, sink
        finally:
            gateway.kill()
        gateway.assert_sound()

"""What a smarthost cannot take now is kept, and delivered once."""

import signal

from conftest import compose
from rig import wait_until

QUICK = {"spool": {"retry_min": "1s", "retry_max": "1s"},
         "smarthost": {"connect_timeout": "1s", "retry_dead": "500ms"}}
TO_BOB = ["bob@example.org"]


def submit(gateway, content):
    with gateway.login() as client:
        reply = client.mail("alice@example.org", TO_BOB, content)
    assert reply.code == 250, reply
    return reply.text.lower()


def delivered_once(gateway, postfix, token, count=1):
    """Wait for all, and until nothing is left that could come again."""
    found = postfix.wait(token, count)
    wait_until("the spool is empty", lambda: gateway.spooled() == [])
    assert len(postfix.with_text(token)) == len(found) == count
    assert len({d.message["Subject"] for d in found}) == count


def test_stopped_smarthost_gets_the_mail_later_and_once(
        another, own_postfix, token):
    gateway = another(smarthost={**QUICK["smarthost"],
                                 "server": [own_postfix.server]},
                      spool=QUICK["spool"])
    assert ", queued" not in submit(gateway, compose(f"{token}-live"))
    own_postfix.stop()
    for i in range(5):
        assert ", queued" in submit(gateway, compose(f"{token}-{i}"))
    assert len(gateway.spooled()) == 5
    own_postfix.start()
    delivered_once(gateway, own_postfix, token, 6)


def test_queue_survives_the_end_of_the_gateway(another, own_postfix, token):
    gateway = another(smarthost={**QUICK["smarthost"],
                                 "server": [own_postfix.server]},
                      spool=QUICK["spool"])
    own_postfix.stop()
    submit(gateway, compose(f"{token}-stopped"))
    gateway.stop()
    gateway.start()
    submit(gateway, compose(f"{token}-killed"))
    gateway.kill()
    assert len(gateway.spooled()) == 2
    own_postfix.start()
    gateway.start()
    delivered_once(gateway, own_postfix, token, 2)


def test_silent_smarthost_is_not_waited_for_too_long(
        another, own_postfix, token):
    """It accepts connections and says nothing."""
    gateway = another(
        smarthost={**QUICK["smarthost"], "server": [own_postfix.server],
                   "hand_over_timeout": "2s"}, spool=QUICK["spool"])
    own_postfix.process.signal(signal.SIGSTOP)
    try:
        assert ", queued" in submit(gateway, compose(token))
    finally:
        own_postfix.process.signal(signal.SIGCONT)
    delivered_once(gateway, own_postfix, token)


def test_spool_is_closed_to_others(another, own_postfix, token):
    gateway = another(smarthost={**QUICK["smarthost"],
                                 "server": [own_postfix.server]})
    own_postfix.stop()
    submit(gateway, compose(token))
    (path,) = gateway.spooled()
    assert path.stat().st_mode & 0o077 == 0 or any(
        p.stat().st_mode & 0o007 == 0
        for p in path.parents if gateway.dir in p.parents)
    assert token.encode() in path.read_bytes()

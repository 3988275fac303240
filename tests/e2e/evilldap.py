"""evilldap - a small LDAP server that can misbehave, which slapd cannot.

Healthy by default: it knows one service account and some people, answers
binds and searches, and records what it was asked.  A test bends one thing by
replacing an answer: bind, search or starttls may return a result code, a list
of messages, or one of the actions below.

    with EvilLdap() as directory:
        directory.bind = lambda conn, dn, password: 51      # busy
        directory.search = lambda conn, request: SILENT
        ... directory.url ... directory.binds() ...
"""

import select
import signal
import socket
import ssl
import threading
import time

from servers import BASE, PASSWORD, SERVICE_DN, SERVICE_PASSWORD

# What an answer may be, beside a result code or a list of messages.
SILENT = object()  # never answer
CLOSE = object()  # drop the connection
NOTICE = object()  # notice of disconnection (RFC 4511, 4.4.1), then drop


class Raw(bytes):
    """Octets to send as they are."""


class Slow(bytes):
    """Octets to send one by one, with a pause after each."""

    pause = 0.2


# -- BER, as much as LDAP needs ----------------------------------------------


def tlv(tag, value):
    n = len(value)
    if n < 0x80:
        return bytes([tag, n]) + value
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + value


def integer(n, tag=0x02):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def octets(value, tag=0x04):
    return tlv(tag, value if isinstance(value, bytes) else value.encode())


def sequence(*parts, tag=0x30):
    return tlv(tag, b"".join(parts))


def parse(data):
    """The elements in data as (tag, value) pairs."""
    out, i = [], 0
    while i < len(data):
        tag, n = data[i], data[i + 1]
        i += 2
        if n & 0x80:
            size = n & 0x7F
            n = int.from_bytes(data[i : i + size], "big")
            i += size
        out.append((tag, data[i : i + n]))
        i += n
    return out


def filter_text(tag, value):
    """A filter in the form of RFC 4515, as far as tests need it."""
    kind = {0xA0: "&", 0xA1: "|", 0xA2: "!"}.get(tag)
    if kind:
        return "(%s%s)" % (kind, "".join(filter_text(*e) for e in parse(value)))
    if tag == 0x87:
        return "(%s=*)" % value.decode()
    if tag == 0xA9:
        rule, name, wanted = (e[1].decode() for e in parse(value)[:3])
        return "(%s:%s:=%s)" % (name, rule, wanted)
    name, wanted = (e[1] for e in parse(value))
    if tag == 0xA4:
        return "(%s=<substring>)" % name.decode()
    return "(%s=%s)" % (name.decode(), wanted.decode("utf-8", "backslashreplace"))


# -- messages ----------------------------------------------------------------

BIND_RESPONSE, SEARCH_ENTRY, SEARCH_DONE = 0x61, 0x64, 0x65
SEARCH_REFERENCE, EXTENDED_RESPONSE = 0x73, 0x78


def result(tag, code, text="", referrals=()):
    parts = [integer(code, 0x0A), octets(""), octets(text)]
    if referrals:
        parts.append(sequence(*(octets(r) for r in referrals), tag=0xA3))
    return sequence(*parts, tag=tag)


def entry(dn, **attributes):
    lists = [
        sequence(octets(name), sequence(*(octets(v) for v in values), tag=0x31))
        for name, values in attributes.items()
    ]
    return sequence(octets(dn), sequence(*lists), tag=SEARCH_ENTRY)


def with_controls(operation, *controls):
    """The operation with controls behind it: (OID, value) each."""
    return operation + sequence(*(
        sequence(octets(oid), octets(value)) for oid, value in controls),
        tag=0xA0)


def reference(*urls):
    return sequence(*(octets(u) for u in urls), tag=SEARCH_REFERENCE)


class SearchRequest:
    def __init__(self, value):
        e = parse(value)
        self.base = e[0][1].decode()
        self.scope, self.deref = e[1][1][0], e[2][1][0]
        self.size_limit = int.from_bytes(e[3][1], "big")
        self.time_limit = int.from_bytes(e[4][1], "big")
        self.filter = filter_text(*e[6])
        self.attributes = [a.decode() for _, a in parse(e[7][1])]


# -- the server --------------------------------------------------------------


class EvilLdap:
    def __init__(self, people=None, tls=None, ldaps=False, host="127.0.0.1"):
        """tls: (certificate file, key file).  ldaps: from the first octet."""
        self.people = people or {
            u: (p, ["%s@example.org" % u]) for u, p in PASSWORD.items()
        }
        self.tls, self.ldaps = tls, ldaps
        self.accept_silently = False  # connections stand, nothing is said
        self.log = []  # (connection number, operation, detail)
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.socket = socket.create_server((host, 0))
        self.port = self.socket.getsockname()[1]
        self.url = "%s://%s:%d" % ("ldaps" if ldaps else "ldap", host, self.port)
        self.open = []

    # -- healthy answers, to be replaced

    def dn_of(self, user):
        return "uid=%s,%s" % (user, BASE)

    def bind(self, conn, dn, password):
        if (dn, password) == (SERVICE_DN, SERVICE_PASSWORD) or dn == "":
            return 0
        for user, (secret, _) in self.people.items():
            if dn == self.dn_of(user):
                return 0 if password == secret and password else 49
        return 49

    def search(self, conn, request):
        found = [
            entry(self.dn_of(u), uid=[u], mail=mails)
            for u, (_, mails) in self.people.items()
            if "(uid=%s)" % u in request.filter
            or any("(mail=%s)" % m in request.filter for m in mails)
            or request.base == self.dn_of(u)
        ]
        return found + [result(SEARCH_DONE, 0)]

    def starttls(self, conn):
        return 0 if self.tls else 2

    # -- what it saw

    def seen(self, operation):
        with self.lock:
            return [d for _, o, d in self.log if o == operation]

    def binds(self):
        """DNs and passwords of the binds so far."""
        return self.seen("bind")

    def record(self, number, operation, detail):
        with self.lock:
            self.log.append((number, operation, detail))

    def forget(self):
        with self.lock:
            self.log.clear()

    # -- running

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        # A thread in accept() is not woken by close() alone.
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self.drop()

    def drop(self):
        """Cut every connection there is."""
        with self.lock:
            cut, self.open = self.open, []
        for s in cut:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self):
        number = 0
        while not self.closing.is_set():
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            number += 1
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.open.append(s)
            self.record(number, "connect", None)
            threading.Thread(target=self.serve, args=(s, number), daemon=True).start()

    def wrap(self, s):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.tls)
        return context.wrap_socket(s, server_side=True)

    def serve(self, s, number):
        try:
            if self.accept_silently:
                self.closing.wait()
                return
            if self.ldaps:
                s = self.wrap(s)
            while True:
                s = self.answer(s, number, *self.read(s))
        except (OSError, EOFError, IndexError):
            pass
        finally:
            self.record(number, "closed", None)
            s.close()

    @staticmethod
    def read(s):
        """One message: its id, operation tag, value, and OIDs of controls."""

        def exactly(n):
            data = b""
            while len(data) < n:
                part = s.recv(n - len(data))
                if not part:
                    raise EOFError
                data += part
            return data

        head = exactly(2)
        n = head[1]
        if n & 0x80:
            n = int.from_bytes(exactly(n & 0x7F), "big")
        message = parse(exactly(n))
        controls = [parse(c)[0][1].decode() for _, value in message[2:]
                    for _, c in parse(value)]
        return (int.from_bytes(message[0][1], "big"), message[1][0],
                message[1][1], controls)

    @staticmethod
    def has_more(s):
        poll = select.poll()  # unlike select(), for descriptors of any number
        poll.register(s, select.POLLIN)
        return bool(poll.poll(0))

    def answer(self, s, number, msgid, tag, value, controls):
        if tag == 0x60:  # bind
            e = parse(value)
            dn, password = e[1][1].decode(), e[2][1].decode("utf-8", "surrogateescape")
            if e[2][0] == 0xA3:  # SASL: the mechanism, for a password
                password = parse(e[2][1])[0][1].decode()
            self.record(number, "bind", (dn, password))
            self.record(number, "version", e[0][1])
            self.record(number, "controls", (dn, controls))
            what, reply = self.bind(number, dn, password), BIND_RESPONSE
        elif tag == 0x63:  # search
            request = SearchRequest(value)
            probe = request.attributes == ["1.1"]  # is it well again?
            self.record(number, "probe" if probe else "search", request)
            what, reply = self.search(number, request), SEARCH_DONE
        elif tag == 0x77:  # extended: StartTLS is the only one asked for
            self.record(number, "starttls", None)
            what, reply = self.starttls(number), EXTENDED_RESPONSE
        elif tag == 0x42:  # unbind
            raise EOFError
        else:
            return s
        if self.has_more(s):
            self.record(number, "early", tag)  # asked before our answer
        self.send(s, msgid, what, reply)
        if tag == 0x77 and what == 0:
            return self.wrap(s)
        return s

    def send(self, s, msgid, what, reply):
        if what is SILENT:
            self.closing.wait()
        elif what is CLOSE:
            raise EOFError
        elif what is NOTICE:
            oid = octets("1.3.6.1.4.1.1466.20036", tag=0x8A)
            body = [integer(52, 0x0A), octets(""), octets("going down"), oid]
            s.sendall(sequence(integer(0), sequence(*body, tag=EXTENDED_RESPONSE)))
            raise EOFError
        elif isinstance(what, Slow):
            for i in range(len(what)):
                s.sendall(what[i : i + 1])
                if self.closing.wait(what.pause):
                    return
        elif isinstance(what, Raw):
            s.sendall(what)
        elif isinstance(what, int):
            s.sendall(sequence(integer(msgid), result(reply, what, "evil")))
        else:
            for m in what:
                s.sendall(sequence(integer(msgid), m))


def main():
    """A healthy one in the foreground, for trying things by hand."""
    with EvilLdap() as directory:
        print(directory.url, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()

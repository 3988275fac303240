"""libgsasl - GNU's SASL library as a client, through ctypes: a second SCRAM
that shares no line with libsasl2 or with scram.py.

The TLS is pyOpenSSL's, since Python's own module cannot tell what
tls-exporter is made of.
"""

import base64
import ctypes

from OpenSSL import SSL

from rawsmtp import Smtp

# gsasl.h
AUTHID, PASSWORD, CB_TLS_EXPORTER = 1, 3, 25
OK, NEEDS_MORE = 0, 1

LABEL = b"EXPORTER-Channel-Binding"  # RFC 9266, 2


class Exported(Smtp):
    """A raw client over pyOpenSSL, TLS 1.3 from the first octet."""

    def __init__(self, port, ca):
        self.ca = ca
        super().__init__(port, tls=SSL.Context(SSL.TLS_METHOD))

    def wrap(self, context, session=None):
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        context.load_verify_locations(str(self.ca))
        context.set_verify(SSL.VERIFY_PEER)
        self.sock.setblocking(True)
        self.sock = SSL.Connection(context, self.sock)
        self.sock.set_tlsext_host_name(self.name.encode())
        self.sock.set_connect_state()
        self.sock.do_handshake()

    def exporter(self):
        return self.sock.export_keying_material(LABEL, 32)


class Session:
    """One exchange; step() takes and gives base64."""

    def __init__(self, mechanism, user, password, binding=None):
        self.lib = ctypes.CDLL("libgsasl.so.18")
        self.context = ctypes.c_void_p()
        self.session = ctypes.c_void_p()
        assert self.lib.gsasl_init(ctypes.byref(self.context)) == OK
        assert self.lib.gsasl_client_start(
            self.context, mechanism.encode(),
            ctypes.byref(self.session)) == OK
        self.set(AUTHID, user)
        self.set(PASSWORD, password)
        if binding is not None:
            self.set(CB_TLS_EXPORTER, base64.b64encode(binding).decode())

    def set(self, what, value):
        self.lib.gsasl_property_set(self.session, what, value.encode())

    def step(self, text):
        """What to say, and whether the server has proved itself."""
        out = ctypes.c_char_p()
        status = self.lib.gsasl_step64(
            self.session, text.encode(), ctypes.byref(out))
        assert status in (OK, NEEDS_MORE), status
        return (out.value or b"").decode(), status == OK


def login(smtp, mechanism, user, password, binding=None):
    """The last reply, and whether the library trusts the server."""
    session = Session(mechanism, user, password, binding)
    text, done = session.step("")
    reply = smtp.command(f"AUTH {mechanism} {text}")
    while reply.code == 334:
        text, done = session.step(reply.text)
        reply = smtp.command(text)
    return reply, done

"""clientcert - an authority that issues certificates to mail clients."""

import itertools
import subprocess


def openssl(*args, **options):
    subprocess.run(["openssl", *map(str, args)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   **options)


class Issued:
    """A certificate and its key: .chain, .key."""

    def __init__(self, chain, key):
        self.chain = chain
        self.key = key


class Authority:
    """One that exists for a test: .ca is what verifies its certificates."""

    def __init__(self, directory, name="clients"):
        self.dir = directory
        self.name = name
        self.ca = directory / f"{name}.pem"
        self.ca_key = directory / f"{name}.key"
        self.count = itertools.count(1)
        self._key(self.ca_key)
        openssl("req", "-x509", "-new", "-sha256", "-key", self.ca_key,
                "-days", 30, "-subj", f"/CN={name} test authority",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-out", self.ca)
        self.database = directory / f"{name}.index"
        self.database.write_text("")

    @staticmethod
    def _key(path):
        openssl("ecparam", "-genkey", "-noout", "-name", "prime256v1",
                "-out", path)

    def issue(self, san=None, subject="/CN=client", usage="clientAuth",
              days=30):
        """san: as openssl.cnf has it, "email:alice@example.org"."""
        stem = self.dir / f"{self.name}-{next(self.count)}"
        chain, key = stem.with_suffix(".crt"), stem.with_suffix(".key")
        request, extensions = (stem.with_suffix(".csr"),
                               stem.with_suffix(".cnf"))
        extensions.write_text(
            "basicConstraints = critical,CA:FALSE\n"
            + (f"extendedKeyUsage = {usage}\n" if usage else "")
            + (f"subjectAltName = {san}\n" if san else ""))
        self._key(key)
        openssl("req", "-new", "-sha256", "-utf8", "-key", key, "-subj",
                subject, "-out", request)
        openssl("x509", "-req", "-sha256", "-days", days, "-in", request,
                "-CA", self.ca, "-CAkey", self.ca_key, "-CAcreateserial",
                "-extfile", extensions, "-out", chain)
        return Issued(chain, key)

    def revocations(self, *revoked):
        """The PEM text of a revocation list with these in it."""
        conf = self.dir / f"{self.name}.cnf"
        conf.write_text(
            "[ca]\ndefault_ca = x\n[x]\n"
            f"database = {self.database}\ndefault_md = sha256\n"
            "default_crl_days = 30\n")
        for one in revoked:
            openssl("ca", "-config", conf, "-cert", self.ca, "-keyfile",
                    self.ca_key, "-revoke", one.chain)
        out = self.dir / f"{self.name}.crl"
        openssl("ca", "-config", conf, "-cert", self.ca, "-keyfile",
                self.ca_key, "-gencrl", "-out", out)
        return out.read_text()

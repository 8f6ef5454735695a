"""One running gateway with invented people, for every stranger in this folder.

`tsunagi demo` makes it, tells its story in it, and keeps it running until it is stopped; nothing of it is shared
with any other. Beside it: a connection for each party, and cards that are issued and signed here by software
that is not the gateway's (cryptography), as another maker's reader would.
"""
import base64
import datetime
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

LISTENERS = ("institution", "office", "resident")
CLINIC, HOSPITAL = "institution:1319999995", "institution:1319999987"
TOWN, PORTAL, CARDS = "municipality:132101", "portal:demo-portal", "cardauthority:demo-card-authority"
ORIGIN = "tsunagi.example/demo"
FIRST_PORT = 19_541
JAPAN = datetime.timezone(datetime.timedelta(hours=9))
AUTHENTICATION_POLICY = x509.ObjectIdentifier("1.2.392.200149.8.5.1.3.30")


class Wrong(Exception):
    """Something is not as it should be; the sentence says what."""


class World:
    """The demo's folder while its gateway runs. Stopped with the `with` that started it."""

    def __init__(self, tsunagi, folder, residents=300):
        self.tsunagi, self.folder, self.residents = tsunagi, Path(folder).resolve(), residents
        self.ports, self.sessions = {}, {}

    def __enter__(self):
        self.log = open(self.folder.parent / "demo.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [self.tsunagi, "demo", "--folder", self.folder, "--residents", str(self.residents),
             "--ports", str(FIRST_PORT)],
            env={**os.environ, "DEMO_KEEP": "1"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, text=True)
        for line in self.process.stdout:
            self.log.write(line)
            if found := re.fullmatch(r"  (\w+): port (\d+)\n", line):
                self.ports[found[1]] = int(found[2])
            if line.startswith("Press Enter"):
                return self
        self.process.wait()
        raise Wrong(f"the demo ended before it was asked to: see {self.log.name}")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        for line in self.process.stdout:
            self.log.write(line)
        self.process.wait()
        self.log.close()

    def path(self, *parts):
        return str(self.folder.joinpath(*parts))

    @property
    def server_ca(self):
        return self.path("pki", "server", "ca.pem")

    def certificate(self, party):
        """(certificate, key) as files."""
        role, name = party.split(":", 1)
        folder = {"institution": "institutions", "portal": "portals"}.get(role, "offices")
        stem = self.path("pki", folder, f"{role}-{name}")
        return stem + ".pem", stem + ".key"

    def enrol(self, party, name):
        """A party that the story does not have: its certificate, and its place in the registry."""
        role, code = party.split(":", 1)
        listed = self.folder / "party.csv"
        listed.write_text(f"code,name\n{code},{name}\n", encoding="utf-8")
        owner = f"host={self.folder}/postgres/socket dbname=tsunagi user=postgres"
        for command in (["pki", "issue", "--pki", self.path("pki"), "--name", f"{role}-{code}", "--party", party],
                        ["party", "load", "--role", role, "--opt-in", listed]):
            subprocess.run([self.tsunagi, *command], check=True, stdout=subprocess.DEVNULL,
                           env={**os.environ, "TSUNAGI_DATABASE_OWNER": owner})
        return party

    def listener(self, party):
        return {"institution": "institution", "portal": "resident"}.get(party.split(":")[0], "office")

    def base(self, party):
        return f"https://localhost:{self.ports[self.listener(party)]}"

    def session(self, party):
        if party not in self.sessions:
            made = self.sessions[party] = requests.Session()
            made.verify, made.cert = self.server_ca, self.certificate(party)
            made.trust_env = False      # or REQUESTS_CA_BUNDLE would stand before our own anchor
        return self.sessions[party]

    def send(self, party, method, path, expect=None, token=None, **arguments):
        headers = arguments.pop("headers", {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = self.session(party).request(
            method, self.base(party) + path, headers=headers, timeout=60, **arguments)
        if expect is not None and answer.status_code != expect:
            raise Wrong(f"{method} {path} by {party}: {answer.status_code} instead of {expect}: {answer.text}")
        return answer

    def openapi(self, listener):
        party = {"institution": CLINIC, "office": TOWN, "resident": PORTAL}[listener]
        return self.send(party, "GET", "/openapi.json", 200).json()

    # What the demo sent: the story's people are found again in it.

    def sent(self, name):
        return Path(self.path("sent", name)).read_text(encoding="utf-8")

    def number(self, name):
        """The individual number in a body of one resident."""
        return json.loads(self.sent(name))[0]["myNumber"]

    # Cards, visits and tokens.

    def bind(self, card, number):
        """The card authority's word that this card is that resident's."""
        certificate = card.certificate
        event = {
            "kind": "bind", "myNumber": number, "issuer": base64.b64encode(
                certificate.issuer.public_bytes()).decode(),
            "serial": f"{certificate.serial_number:x}", "sequence": f"stranger-{certificate.serial_number:x}",
            "validFrom": certificate.not_valid_before_utc.astimezone(JAPAN).date().isoformat(),
            "validTo": certificate.not_valid_after_utc.astimezone(JAPAN).date().isoformat()}
        answer = self.send(CARDS, "POST", "/card-feed/events", 202, json=[event]).json()
        if answer["applied"] != 1:
            raise Wrong(f"the card was not bound: {answer}")
        return card

    def issue(self, public_key):
        """A card's certificate for a key that need not be in this process."""
        folder = Path(self.path("pki", "cards"))
        authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
        key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder().subject_name(x509.Name.from_rfc4514_string("CN=STRANGER,C=JP"))
            .issuer_name(authority.subject).public_key(public_key)
            .serial_number(x509.random_serial_number() >> 32 | 1 << 126)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1800))
            .add_extension(x509.KeyUsage(True, *[False] * 8), critical=True)
            .add_extension(x509.CertificatePolicies(
                [x509.PolicyInformation(AUTHENTICATION_POLICY, None)]), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                authority.public_key()), critical=False)
            .sign(key, hashes.SHA256()))

    def card(self, number):
        key = rsa.generate_private_key(65537, 2048)
        return self.bind(Card(self.issue(key.public_key()), key), number)

    def saved_card(self, name):
        """A card of the story: child, moved or adult."""
        text = Path(self.path("cards", name + ".pem")).read_bytes()
        return Card(x509.load_pem_x509_certificate(text), serialization.load_pem_private_key(text, None))

    def visit(self, card, *consents, at=CLINIC):
        """(visit, Patient/…) of a visit that is open until the end of the day."""
        nonce = self.send(at, "POST", "/visits/nonces", 201).json()
        lines = ["tsunagi visit v1", f"nonce: {nonce['nonce']}", "listener: institution", f"party: {at}",
                 "visit-kind: outpatient", *(f"consent: {kind}" for kind in sorted(consents)),
                 f"day: {nonce['day']}"]
        body = {"nonce": nonce["nonce"], "day": nonce["day"], "kind": "outpatient",
                "consents": sorted(consents), **card.signed(lines)}
        opened = self.send(at, "POST", "/visits", 201, json=body).json()
        return opened["visit"], opened["patient"]

    def token(self, card):
        nonce = self.send(PORTAL, "POST", "/tokens/nonces", 201).json()
        lines = ["tsunagi resident-token v1", f"nonce: {nonce['nonce']}", "listener: resident",
                 f"party: {PORTAL}", f"day: {nonce['day']}"]
        body = {"nonce": nonce["nonce"], "day": nonce["day"], **card.signed(lines)}
        return self.send(PORTAL, "POST", "/tokens", 201, json=body).json()["access_token"]


class Card:
    """A certificate and somebody who can sign: a key here, or whatever else has `sign(text)`."""

    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key

    def sign(self, text):
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(text, ec.ECDSA(hashes.SHA384()))

    def signed(self, lines):
        text = "".join(line + "\n" for line in lines).encode()
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return {"certificate": base64.b64encode(der).decode(),
                "signature": base64.b64encode(self.sign(text)).decode()}

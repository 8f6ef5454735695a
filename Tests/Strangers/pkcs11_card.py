"""A card that is a PKCS#11 token (SoftHSM2) opens visits: its key is made in the token and never leaves it.

Signed twice over, by OpenSSL through the pkcs11 engine and by OpenSC's pkcs11-tool, with today's RSA-2048 and
tomorrow's ECDSA P-384. The certificate is of the demo's card CA; the visit is opened over mutual TLS.
"""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from world import Card, Wrong

MODULE = next((path for path in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
               if Path(path).exists()), "libsofthsm2.so")
PIN = "1234"
# EMSA-PKCS1-v1_5 (RFC 8017 §9.2): a card does the raw operation, and the reader hands it the DigestInfo.
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
KEYS = {"01": ("RSA-2048", "rsa:2048"), "02": ("ECDSA P-384", "EC:secp384r1")}


class Token:
    def __init__(self, folder):
        self.folder = Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)      # or a key of another run would have the same name
        (self.folder / "tokens").mkdir(parents=True)
        (self.folder / "softhsm.conf").write_text(f"directories.tokendir = {self.folder}/tokens\n")
        engine = next(Path("/usr/lib").glob("*/engines-3/pkcs11.so"), "pkcs11.so")
        (self.folder / "openssl.cnf").write_text(
            "openssl_conf = start\n[start]\nengines = engines\n[engines]\npkcs11 = token\n[token]\n"
            f"engine_id = pkcs11\ndynamic_path = {engine}\nMODULE_PATH = {MODULE}\ninit = 0\n")
        self.environment = {**os.environ, "SOFTHSM2_CONF": str(self.folder / "softhsm.conf")}
        self.run("softhsm2-util", "--init-token", "--free", "--label", "JPKI", "--so-pin", "12345678",
                 "--pin", PIN)
        for key, (_, kind) in KEYS.items():
            self.tool("--keypairgen", "--key-type", kind, "--id", key, "--label", "User Authentication Key",
                      "--usage-sign")

    def run(self, *command, **others):
        done = subprocess.run(command, env={**self.environment, **others}, capture_output=True, cwd=self.folder)
        if done.returncode:
            raise Wrong(f"{' '.join(command[:6])} …: {(done.stderr or done.stdout).decode()[-400:]}")
        return done.stdout

    def tool(self, *arguments):
        return self.run("pkcs11-tool", "--module", MODULE, "--token-label", "JPKI", "--login", "--pin", PIN,
                        *arguments)

    def openssl(self, *arguments):
        """With the engine, which finds the token by its URI (RFC 7512)."""
        return self.run("openssl", *arguments, OPENSSL_CONF=str(self.folder / "openssl.cnf"))

    def uri(self, key, kind):
        return f"pkcs11:token=JPKI;id=%{key};type={kind};pin-value={PIN}"

    def public_key(self, key):
        # By the engine for both: pkcs11-tool 0.23 cannot write the public half of an EC key.
        self.openssl("pkey", "-engine", "pkcs11", "-inform", "engine", "-in", self.uri(key, "public"), "-pubin",
                     "-pubout", "-outform", "DER", "-out", "public.der")
        return serialization.load_der_public_key((self.folder / "public.der").read_bytes())


class Signer(Card):
    """A card whose key another program holds."""

    def __init__(self, certificate, sign):
        super().__init__(certificate, None)
        self.sign = sign


def by_tool(token, key):
    def sign(text):
        is_rsa = key == "01"
        digest = SHA256_INFO + hashlib.sha256(text).digest() if is_rsa else hashlib.sha384(text).digest()
        (token.folder / "digest").write_bytes(digest)
        token.tool("--sign", "--mechanism", "RSA-PKCS" if is_rsa else "ECDSA", "--id", key,
                   "--input-file", "digest", "--output-file", "signature")
        made = (token.folder / "signature").read_bytes()
        if is_rsa:
            return made
        half = len(made) // 2                           # PKCS#11 gives r and s, the card's text asks for DER
        return encode_dss_signature(int.from_bytes(made[:half]), int.from_bytes(made[half:]))
    return sign


def by_engine(token, key):
    def sign(text):
        (token.folder / "text").write_bytes(text)
        token.openssl("dgst", "-sha256" if key == "01" else "-sha384", "-engine", "pkcs11", "-keyform", "engine",
                      "-sign", token.uri(key, "private"), "-out", "signature", "text")
        return (token.folder / "signature").read_bytes()
    return sign


def run(report, world, folder):
    token = Token(Path(folder) / "token")
    titles = {
        "pkcs11-tool": ("opensc", by_tool),
        "OpenSSL engine": ("libengine-pkcs11-openssl", by_engine),
    }
    for key, (kind, _) in KEYS.items():
        certificate = world.issue(token.public_key(key))
        world.bind(Card(certificate, None), world.number("invitation.json"))
        for title, (package, signing) in titles.items():
            version = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
            failures, count = [], 0
            try:
                sign = signing(token, key)
                world.visit(Signer(certificate, sign), "immunization")
                count += 1
                refused = False
                try:
                    world.visit(Signer(certificate, lambda text: sign(text + b" ")), "immunization")
                except Wrong as refusal:
                    refused = "card-signature-invalid" in str(refusal)
                count += 1
                if not refused:
                    failures.append("a signature over another text was taken")
            except Wrong as wrong:
                failures.append(str(wrong))
            report.row(f"a visit signed by a token, {kind}", f"{title} {version.stdout.split('-')[0]}", count,
                       failures)

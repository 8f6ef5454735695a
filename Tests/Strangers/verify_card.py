#!/usr/bin/env python3
"""Verifies a SMART Health Card with software that is not the gateway's: jwcrypto for the signature, zlib for
the payload.

Written from https://spec.smarthealth.cards alone. Prints the payload and exits 0, or says what is wrong and
exits 1.

    verify_card.py JWKS.json CRL.json QR.txt      a line of QR.txt is the text of one QR code
"""
import json
import re
import sys
import zlib

from jwcrypto import jwk, jws


def scanned(lines):
    """The JWS of one card, from the texts of its QR codes in any order."""
    parts = {}
    for line in lines:
        found = re.fullmatch(r"shc:/(?:(\d+)/(\d+)/)?((?:\d\d)+)", line)
        if not found:
            sys.exit("not the text of a card: " + line[:20])
        number, count, digits = found.groups()
        parts[int(number or 1)] = (int(count or 1), digits)
    if sorted(parts) != list(range(1, parts[1][0] + 1)):
        sys.exit("a part is missing")
    text = "".join(parts[number][1] for number in sorted(parts))
    return "".join(chr(int(text[at:at + 2]) + 45) for at in range(0, len(text), 2))


def main(keys_path, revoked_path, codes_path):
    with open(codes_path) as file:
        token = scanned(file.read().split())
    with open(keys_path) as file:
        keys = json.load(file)["keys"]
    signed = jws.JWS()
    signed.allowed_algs = ["ES256"]
    signed.deserialize(token)
    header = signed.jose_header
    if header.get("zip") != "DEF" or header.get("alg") != "ES256":
        sys.exit("header")
    found = [key for key in keys if key["kid"] == header["kid"]]
    if not found:
        sys.exit("no such key")
    public = {name: value for name, value in found[0].items() if name != "crlVersion"}
    key = jwk.JWK(**public)
    if key.thumbprint() != header["kid"]:
        sys.exit("kid is no thumbprint")
    try:
        signed.verify(key)
    except jws.InvalidJWSSignature:
        sys.exit("signature")
    payload = json.loads(zlib.decompress(signed.payload, wbits=-15))
    with open(revoked_path) as file:
        revoked = json.load(file)
    if revoked["kid"] != header["kid"] or revoked["ctr"] != found[0]["crlVersion"]:
        sys.exit("the list is another key's, or old")
    if payload["vc"]["rid"] in revoked["rids"]:
        sys.exit("revoked")
    print(json.dumps(payload))


if __name__ == "__main__":
    main(*sys.argv[1:])

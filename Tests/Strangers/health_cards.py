"""A vaccination card is read by software that is not the gateway's: jwcrypto and zlib (`verify_card.py`), zxing-cpp.

As somebody would who scans it at a door: the digits of its QR codes, the published keys and the published list of
revoked cards. The card holds; changed in one digit, or revoked, it no longer does.
"""
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy
import zxingcpp

from world import PORTAL

READER = Path(__file__).resolve().parent / "verify_card.py"


def run(report, tour, folder):
    world = tour.world
    token = world.token(tour.baby)
    issued = world.send(
        PORTAL, "POST", f"/fhir/{tour.own(token)}/$health-cards-issue", 200, token=token,
        json=json.loads(world.sent("card.json"))).json()
    parameters = [(part["name"], part["valueString"]) for part in issued["parameter"]]
    codes = [value for name, value in parameters if name == "qr"]
    card = next(value for name, value in parameters if name == "id")
    done, failures = 0, []

    def expect(text, holds, what):
        nonlocal done
        status, told = scan(world, Path(folder), text)
        done += 1
        if holds != (status == 0):
            failures.append(f"{what}: {told}")
        return told

    told = expect(codes, True, "the card")
    if '"Immunization"' not in told:
        failures.append("no dose is in it")
    for place in range(40, len(codes[0]) - 2, max(1, len(codes[0]) // 8)):
        digit = "4" if codes[0][place] == "3" else "3"
        expect([codes[0][:place] + digit + codes[0][place + 1:]] + codes[1:], False, f"changed at {place}")
    world.send(PORTAL, "POST", f"/health-cards/{card}/revoke", 204, token=token)
    expect(codes, False, "revoked")
    drawn, wrong = pictures(world, token)
    done += drawn
    failures += wrong
    report.row("a vaccination card at a door", f"jwcrypto {importlib.metadata.version('jwcrypto')}", done, failures)


def pictures(world, token):
    """The QR codes of the printed page, photographed as it were, are those of a card."""
    page = world.send(PORTAL, "POST", "/health-cards/print", 200, token=token).text
    texts = []
    for size, path in re.findall(r'viewBox="0 0 (\d+) \d+".*?<path d="([^"]*)"', page):
        picture = numpy.full((int(size), int(size)), 255, dtype=numpy.uint8)
        for column, row, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", path):
            picture[int(row), int(column):int(column) + int(width)] = 0
        read = zxingcpp.read_barcodes(picture.repeat(6, axis=0).repeat(6, axis=1))
        texts += [code.text for code in read]
    good = texts and all(text.startswith("shc:/") for text in texts)
    return len(texts), [] if good else [f"the page's codes are read as {texts}"]


def scan(world, folder, codes):
    keys = world.send(PORTAL, "GET", "/.well-known/jwks.json", 200)
    kid = keys.json()["keys"][-1]["kid"]
    revoked = world.send(PORTAL, "GET", f"/.well-known/crl/{kid}.json", 200)
    paths = []
    for name, text in (("keys.json", keys.text), ("revoked.json", revoked.text), ("codes.txt", "\n".join(codes))):
        paths.append(folder / f"card-{name}")
        paths[-1].write_text(text)
    ended = subprocess.run([sys.executable, READER, *paths], capture_output=True, text=True)
    return ended.returncode, ended.stdout or ended.stderr.strip()

#!/usr/bin/env python3
"""`make conformance`: what strangers say of a running gateway. A row for each check; exits 1 when one fails.

    conformance.py TSUNAGI FOLDER [CHECK ...]      without a CHECK, all of them
"""
import sys
import time
from pathlib import Path

import fhir_clients
import fhir_validators
import health_cards
import log_proofs
import openapi_fuzz
import pkcs11_card
import tls_scanners
from report import Report
from tour import Tour
from world import World

# In this order: what measures nothing but the wire comes last.
CHECKS = {
    "fhir": lambda report, tour, folder: fhir_validators.run(report, tour.answers),
    "clients": lambda report, tour, folder: fhir_clients.run(report, tour),
    "log": lambda report, tour, folder: log_proofs.run(report, tour),
    "card": lambda report, tour, folder: pkcs11_card.run(report, tour.world, folder),
    "vaccination-card": lambda report, tour, folder: health_cards.run(report, tour, folder),
    "openapi": lambda report, tour, folder: openapi_fuzz.run(report, tour, folder),
    "tls": lambda report, tour, folder: tls_scanners.run(report, tour.world, folder),
}


def main(tsunagi, folder, *chosen):
    unknown = set(chosen) - set(CHECKS)
    if unknown:
        sys.exit(f"no such check: {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    report = Report()
    with World(tsunagi, folder / "world") as world:
        tour = Tour(world)
        with report.step("tour"):
            tour.run()
        report.row("a tour of every FHIR route", "this repository", len(tour.answers), [])
        for name in chosen or CHECKS:
            started = time.monotonic()
            with report.step(name):
                CHECKS[name](report, tour, folder)
            report.note(f"{name}: {time.monotonic() - started:.0f} s")
    report.end()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

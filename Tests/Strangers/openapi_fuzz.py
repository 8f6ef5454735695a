"""schemathesis against our own OpenAPI on the three listeners, over mutual TLS, with valid and invalid data.

No 5xx, no status, content type or body that the contract does not describe, no invalid data taken, no method
served that is not listed, no token left unasked. The document is the one that is served; only its examples
are given the ids of this world, so that more than the first check of each route is reached.
`CONFORMANCE_EXAMPLES` is how many requests are tried of each operation in each phase.
"""
import copy
import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from world import CLINIC, LISTENERS, PORTAL, TOWN

# (listener or all, check, why it does not hold of this gateway)
EXCLUDED = [
    ("all", "positive_data_acceptance",
     "a nonce, a signature or somebody's number cannot be made up from a schema, so what fits it may be refused"),
    ("office", "ignored_auth",
     "an office's certificate alone is enough, and schemathesis cannot leave out the certificate"),
]
# What is too large is refused as that (413), whatever else is wrong with it.
# Registrations refuse row by row, under 202 (openapi_hooks.py holds them to that).
CONFIGURATION = """
checks.negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, "5xx"]

[[operations]]
include-path-regex = "/registration-tasks$|/history-registration-tasks$|/card-feed/events$"
checks.negative_data_rejection.expected-statuses = [202, 400, 401, 403, 404, 406, 413, 415, 422, 428, 429]
"""
EXAMPLES = int(os.environ.get("CONFORMANCE_EXAMPLES", "12"))


def document(tour, listener, folder):
    """The contract with this world's ids in its examples, as a file."""
    made = copy.deepcopy(tour.contracts[listener])
    world = tour.world
    visit = world.visit(tour.infant, "subsidy", "immunization", "maternal", "maternal-sensitive")
    own = tour.own(world.token(tour.baby))
    for template, operations in made["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                known = tour.paths.get((listener, method.upper(), template))
                if parameter["in"] == "path" and known:
                    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
                    parameter["example"] = re.fullmatch(pattern, known)[parameter["name"]]
            content = operation.get("requestBody", {}).get("content", {})
            for media in content.values():
                text = json.dumps(media["example"], ensure_ascii=False)
                text = text.replace("0f8fad5b-d9cb-469f-a165-70867728950e", visit[0])
                text = text.replace("Patient/pw-0001", visit[1] if listener == "institution" else own)
                text = text.replace("2026-06-15", tour.today.isoformat())
                media["example"] = json.loads(text)
    path = Path(folder) / f"openapi-{listener}.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def arguments(world, party, path, report_path):
    certificate, key = world.certificate(party)
    listener = world.listener(party)
    excluded = ",".join(check for where, check, _ in EXCLUDED if where in ("all", listener))
    return [
        sys.executable, "-m", "schemathesis.cli", "run", str(path), "--url", world.base(party),
        "--request-cert", certificate, "--request-cert-key", key, "--tls-verify", world.server_ca,
        "--phases", "examples,coverage,fuzzing", "--mode", "all", "--max-examples", str(EXAMPLES),
        "--exclude-checks", excluded, "--continue-on-failure", "--no-shrink", "--rate-limit", "150/s",
        "--suppress-health-check", "all", "--warnings", "off", "--seed", "20261122",
        "--report", "json", "--report-json-path", str(report_path)]


def run(report, tour, folder):
    title = f"schemathesis {importlib.metadata.version('schemathesis')}"
    for listener, party in zip(LISTENERS, (CLINIC, TOWN, PORTAL)):
        path = document(tour, listener, folder)

        def tried(name, *others):
            result = Path(folder) / f"schemathesis-{name}.json"
            result.unlink(missing_ok=True)
            command = arguments(tour.world, party, path, result) + list(others)
            if listener == "resident":
                command += ["--header", "Authorization:Bearer " + tour.world.token(tour.baby)]
            report.row(f"OpenAPI, {name}", title, *outcome(command, result))

        if listener != "resident":
            tried(listener)
            continue
        # The token is used up by one operation, which therefore is tried apart, with a token of its own.
        tried("resident", "--exclude-operation-id", "endResidentSession")
        tried("resident, ending a session", "--include-operation-id", "endResidentSession")
    for where, check, why in EXCLUDED:
        report.note(f"not asked of {where}: {check}: {why}")


def outcome(command, path):
    """(requests that were made, what was found)."""
    (path.parent / "schemathesis.toml").write_text(CONFIGURATION, encoding="utf-8")
    hooks = {"SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=path.parent, env={**os.environ, **hooks})
    path.with_suffix(".txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    if not path.exists():
        return 0, [f"no report: {(done.stderr or done.stdout)[-400:]}"]
    said = json.loads(path.read_text(encoding="utf-8"))
    failures = [f"{row['title']} ({row['code']}): {', '.join(row['operations'])}: see {path.with_suffix('.txt')}"
                for row in said["failures"]]
    failures += [f"could not be tried: {row}" for row in said["errors"]]
    if done.returncode and not failures:
        failures.append(f"exit code {done.returncode}: see {path.with_suffix('.txt')}")
    if said["operations"]["tested"] != said["operations"]["selected"]:
        failures.append(f"{said['operations']['selected'] - said['operations']['tested']} operations were not tried")
    return said["test_cases"]["generated"], failures

"""sslyze and testssl.sh on every TLS listener: nothing below TLS 1.2, no weak suite, no known vulnerability.

The listeners ask for a client certificate in the handshake, which testssl.sh cannot show: it sees what a
stranger sees, which is the part that anybody on the network can attack. sslyze shows an institution's.
"""
import importlib.metadata
import json
import subprocess
from pathlib import Path

from world import CLINIC, LISTENERS, PORTAL, TOWN

WEAK = ("RC4", "DES", "NULL", "EXPORT", "anon", "MD5", "_CBC_", "TLS_RSA_WITH", "IDEA", "SEED", "CAMELLIA")
# What testssl.sh calls LOW or worse is a failure, but for these.
ACCEPTED = {"cert_revocation": "the server's certificate names no list: the demo hands lists over as files"}


def run(report, world, folder):
    for listener, party in zip(LISTENERS, (CLINIC, TOWN, PORTAL)):
        scanned, failures = with_sslyze(world, party)
        report.row(f"TLS, {listener}", f"sslyze {importlib.metadata.version('sslyze')}", scanned, failures)
    for listener in LISTENERS:
        version, scanned, failures = with_testssl(world, listener, Path(folder))
        report.row(f"TLS, {listener}", f"testssl.sh {version}", scanned, failures)
    for what, why in ACCEPTED.items():
        report.note(f"testssl.sh also says {what}: {why}")


def with_sslyze(world, party):
    from sslyze import (
        ClientAuthenticationCredentials, Scanner, ScanCommand, ServerNetworkConfiguration,
        ServerNetworkLocation, ServerScanRequest)

    certificate, key = world.certificate(party)
    commands = {
        ScanCommand.SSL_2_0_CIPHER_SUITES, ScanCommand.SSL_3_0_CIPHER_SUITES, ScanCommand.TLS_1_0_CIPHER_SUITES,
        ScanCommand.TLS_1_1_CIPHER_SUITES, ScanCommand.TLS_1_2_CIPHER_SUITES, ScanCommand.TLS_1_3_CIPHER_SUITES,
        ScanCommand.HEARTBLEED, ScanCommand.ROBOT, ScanCommand.OPENSSL_CCS_INJECTION, ScanCommand.TLS_COMPRESSION,
        ScanCommand.TLS_FALLBACK_SCSV, ScanCommand.SESSION_RENEGOTIATION, ScanCommand.TLS_1_3_EARLY_DATA,
        ScanCommand.ELLIPTIC_CURVES, ScanCommand.TLS_EXTENDED_MASTER_SECRET}
    location = ServerNetworkLocation("localhost", world.ports[world.listener(party)], "127.0.0.1")
    credentials = ClientAuthenticationCredentials(Path(certificate), Path(key))
    scanner = Scanner()
    scanner.queue_scans([ServerScanRequest(
        location, ServerNetworkConfiguration("localhost", tls_client_auth_credentials=credentials),
        scan_commands=commands)])
    failures = []
    for result in scanner.get_results():
        if result.scan_result is None:
            return 0, [f"could not connect: {result.connectivity_error_trace}"]
        found = result.scan_result
        for name in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3"):
            attempt = getattr(found, name + "_cipher_suites")
            if attempt.result is None:
                failures.append(f"{name} could not be tried: {attempt.error_trace}")
                continue
            suites = [one.cipher_suite.name for one in attempt.result.accepted_cipher_suites]
            if bool(suites) != (name in ("tls_1_2", "tls_1_3")):
                failures.append(f"{name}: {suites or 'nothing accepted'}")
            failures += [f"{name}: {suite}" for suite in suites if any(word in suite for word in WEAK)]
        for what, attempt, is_bad in (
            ("Heartbleed", found.heartbleed, lambda r: r.is_vulnerable_to_heartbleed),
            ("ROBOT", found.robot, lambda r: r.robot_result.value.startswith("VULNERABLE")),
            ("CCS injection", found.openssl_ccs_injection, lambda r: r.is_vulnerable_to_ccs_injection),
            ("compression", found.tls_compression, lambda r: r.supports_compression),
            ("no fallback SCSV", found.tls_fallback_scsv, lambda r: not r.supports_fallback_scsv),
            ("insecure renegotiation", found.session_renegotiation,
             lambda r: r.is_vulnerable_to_client_renegotiation_dos or not r.supports_secure_renegotiation),
            ("early data", found.tls_1_3_early_data, lambda r: r.supports_early_data),
            ("no extended master secret", found.tls_extended_master_secret,
             lambda r: not r.supports_ems_extension),
        ):
            if attempt.result is None:
                failures.append(f"{what} could not be tried: {attempt.error_reason}")
            elif is_bad(attempt.result):
                failures.append(what)
    return len(commands), failures


def with_testssl(world, listener, folder):
    path = folder / f"testssl-{listener}.json"
    path.unlink(missing_ok=True)
    done = subprocess.run(
        ["testssl", "--jsonfile", str(path), "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1",
         "--protocols", "--std", "--server-defaults", "--fs", "--vulnerable", "--nodns", "none", "--add-ca", world.server_ca,
         f"localhost:{world.ports[listener]}"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600, cwd=folder)
    (folder / f"testssl-{listener}.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    found = {row["id"]: row for row in rows}
    failures = [f"{row['id']}: {row['severity']}: {row['finding']}" for row in rows
                if row["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL")
                and row["id"].split(" ")[0] not in ACCEPTED]
    for protocol, expected in (("SSLv2", "not offered"), ("SSLv3", "not offered"), ("TLS1", "not offered"),
                               ("TLS1_1", "not offered"), ("TLS1_2", "offered"), ("TLS1_3", "offered")):
        said = found.get(protocol, {}).get("finding", "nothing")
        if not said.startswith(expected):
            failures.append(f"{protocol}: {said}")
    version = subprocess.run(["dpkg-query", "-W", "-f=${Version}", "testssl.sh"], capture_output=True, text=True)
    return version.stdout.split("+")[0], len(rows), failures

"""Proofs of the log, as the routes serve them, held against RFC 6962 code that we did not write.

tamperlog and scitt-cose verify inclusion, tamperlog consistency (scitt-cose has no verifier of it); the
checkpoint's signature is verified by cryptography. Each proof is also shown with one byte or number changed,
and must then fail.
"""
import base64
import importlib.metadata
import re
import subprocess
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from world import CLINIC, LISTENERS, ORIGIN, PORTAL, TOWN, Wrong

POSITION = "urn:tsunagi:StructureDefinition:log-position"
LIST = "urn:tsunagi:StructureDefinition:list-proof"


def decoded(text):
    return base64.b64decode(text, validate=True)


def opened(note, key):
    """(size, root) of a signed note (C2SP), once its signature holds."""
    name, _, encoded = key.split("+", 2)
    body, _, signatures = note.partition("\n\n")
    for line in signatures.splitlines():
        if line.startswith(f"\u2014 {name} "):
            Ed25519PublicKey.from_public_bytes(decoded(encoded)[1:]).verify(
                decoded(line.split(" ")[2])[4:], (body + "\n").encode())
            origin, size, root = body.split("\n")[:3]
            if origin == name:
                return int(size), decoded(root)
    raise Wrong("the checkpoint carries no signature of the log")


def run(report, tour):
    world = tour.world
    key = subprocess.run(
        [world.tsunagi, "seal", "key", "--keys", world.path("keys"), "--origin", ORIGIN],
        capture_output=True, text=True, check=True).stdout.strip()
    signature(report, world, key)
    consistency(report, world, key)
    inclusion(report, tour, key)


def signature(report, world, key):
    note = world.send(CLINIC, "GET", "/log/checkpoint", 200).text
    failures = []
    opened(note, key)
    for place in (0, len(ORIGIN) + 1, len(note) // 2):
        changed = note[:place] + chr(ord(note[place]) ^ 1) + note[place + 1:]
        try:
            opened(changed, key)
            failures.append(f"a change at {place} went unseen")
        except (InvalidSignature, Wrong, ValueError):
            pass
    report.row("checkpoint signature", f"cryptography {importlib.metadata.version('cryptography')}", 4, failures)


def checkpoints(world, key):
    """size → root, of checkpoints of different sizes that were published while the log grew."""
    known = {}
    kept = "".join(open(path, encoding="utf-8").read() for path in
                   sorted((world.folder / "checkpoints").glob("*.checkpoints")))
    for note in re.findall(rf"{re.escape(ORIGIN)}\n\d+\n.+?\n\n(?:\u2014 .+\n)+", kept):
        size, root = opened(note, key)
        known[size] = root
    for party in (CLINIC, TOWN, PORTAL):
        size, root = opened(world.send(party, "GET", "/log/checkpoint", 200).text, key)
        known[size] = root
    return known


def consistency(report, world, key):
    from tamperlog.errors import ProofError
    from tamperlog.merkle import verify_consistency

    known = checkpoints(world, key)
    sizes = sorted(known)
    sizes = [sizes[place * (len(sizes) - 1) // 11] for place in range(12)] if len(sizes) > 12 else sizes
    held, count = [], 0
    parties = dict(zip(LISTENERS, (CLINIC, TOWN, PORTAL)))
    for listener, party in parties.items():
        for old in sizes:
            for new in sizes:
                if 0 < old <= new:
                    answer = world.send(party, "GET", f"/log/consistency/{old}/{new}", 200).json()
                    proof = [decoded(one) for one in answer["proof"]]
                    count += 1
                    try:
                        verify_consistency(old, known[old], new, known[new], proof)
                    except ProofError as error:
                        held.append(f"{listener} {old}→{new}: {error}")
                        continue
                    for place in range(len(proof)):
                        changed = list(proof)
                        changed[place] = flipped(changed[place])
                        try:
                            verify_consistency(old, known[old], new, known[new], changed)
                            held.append(f"{listener} {old}→{new}: hash {place} changed, and unseen")
                        except ProofError:
                            pass
    title = f"tamperlog {importlib.metadata.version('tamperlog')}"
    report.row("consistency proofs", title, count, held)


def inclusion(report, tour, key):
    import scitt_cose.merkle as scitt
    from tamperlog._hash import hash_leaf
    from tamperlog.errors import ProofError
    from tamperlog.merkle import verify_inclusion

    world = tour.world
    shown = []
    for card in (tour.child, tour.baby, tour.infant):
        token = world.token(card)
        for _ in range(30):                             # an entry has its position within a second or so
            page = world.send(PORTAL, "GET", "/fhir/AuditEvent?_count=100", 200, token=token).json()
            if found := list(leaves(page)):
                break
            time.sleep(1)
        shown += found

    def by_tamperlog(leaf, index, size, path, root):
        try:
            verify_inclusion(index, size, hash_leaf(leaf), path, root)
            return True
        except ProofError:
            return False

    def by_scitt(leaf, index, size, path, root):
        return scitt.verify_inclusion(leaf.hex(), index, size, [one.hex() for one in path], root.hex())

    for name, verify in (("tamperlog", by_tamperlog), ("scitt-cose", by_scitt)):
        failures = []
        for leaf, index, path, note in shown:
            size, root = opened(note, key)
            if not verify(leaf, index, size, path, root):
                failures.append(f"leaf {index} of {size} does not hold")
            wrong = [(flipped(leaf), index, size, path, root), (leaf + b"\0", index, size, path, root),
                     (leaf, index ^ 1, size, path, root), (leaf, index, size, path[1:], root),
                     (leaf, index, size, path, flipped(root))]
            wrong += [(leaf, index, size, path[:at] + [flipped(path[at])] + path[at + 1:], root)
                      for at in range(len(path))]
            failures += [f"leaf {index} of {size}: change {at} went unseen" for at, one in enumerate(wrong)
                         if verify(*one)]
        report.row("inclusion proofs", f"{name} {importlib.metadata.version(name)}", len(shown), failures)
    sizes = {opened(note, key)[0] for *_, note in shown}
    report.note(f"leaves {min(row[1] for row in shown)} to {max(row[1] for row in shown)} under {len(sizes)} "
                "checkpoints")


def flipped(data):
    return bytes([data[0] ^ 1]) + data[1:]


def parts(extensions, url):
    """The parts of one of our extensions by their names, `proof` as a list."""
    for extension in extensions:
        if extension["url"] == url:
            found = {}
            for part in extension["extension"]:
                value = next(value for name, value in part.items() if name.startswith("value"))
                found.setdefault(part["url"], []).append(value)
            return found
    return None


def leaves(bundle):
    """Each sealed entry of a list, and the map's own leaf: (leaf, position, path, checkpoint)."""
    for entry in bundle["entry"]:
        found = parts(entry["resource"].get("extension", []), POSITION)
        if found and found["sealed"] == [True] and "leaf" in found:     # one that is held back shows its hash
            yield (decoded(found["leaf"][0]), int(found["position"][0]),
                   [decoded(one) for one in found.get("proof", [])], found["checkpoint"][0])
    found = parts(bundle.get("meta", {}).get("extension", []), LIST)
    if found:
        yield (decoded(found["mapLeaf"][0]), int(found["mapPosition"][0]),
               [decoded(one) for one in found["mapProof"]], found["checkpoint"][0])

#!/usr/bin/env python3
"""Checks what GET /fhir/AuditEvent answered against the log's public key, and nothing else.

Written from the published forms (deploy/decisions/0007, C2SP signed-note, RFC 9162) in another language than
the gateway, and shares no code with it. Prints the first thing wrong and exits 1, or exits 0.

    verify_list.py KEY PAGE.json [PAGE.json ...]
"""
import base64
import datetime
import hashlib
import json
import subprocess
import sys
import tempfile

ED25519_DER = bytes.fromhex("302a300506032b6570032100")
JST = datetime.timezone(datetime.timedelta(hours=9))


class Wrong(Exception):
    pass


def require(claim, sentence):
    if not claim:
        raise Wrong(sentence)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def whole(number):
    return number.to_bytes(8, "big")


# --- Signed notes -------------------------------------------------------------------------------------------

def opened(note, key):
    """(size, root) of a checkpoint that this key signed."""
    name, key_hash, encoded = key.split("+", 2)
    public = base64.b64decode(encoded, validate=True)
    require(public[0] == 1 and len(public) == 33, "the key is not Ed25519")
    require(sha256(name.encode(), b"\n", public)[:4].hex() == key_hash, "the key's hash")
    body, _, signatures = note.partition("\n\n")
    body += "\n"
    mine = []
    for line in signatures.splitlines():
        dash, signer, value = line.split(" ")
        value = base64.b64decode(value, validate=True)
        if dash == "\u2014" and signer == name and value[:4].hex() == key_hash:
            mine.append(value[4:])
    require(mine, "the checkpoint is not signed by this key")
    for signature in mine:
        require(is_signed(body.encode(), signature, public[1:]), "the checkpoint's signature")
    origin, size, root = body.splitlines()[:3]
    require(origin == name, "the checkpoint is of another log")
    return int(size), base64.b64decode(root, validate=True)


def is_signed(message, signature, public):
    with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as text, \
            tempfile.NamedTemporaryFile() as signed:
        for file, data in ((key, ED25519_DER + public), (text, message), (signed, signature)):
            file.write(data)
            file.flush()
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key.name, "-rawin",
             "-in", text.name, "-sigfile", signed.name], capture_output=True).returncode == 0


# --- Trees --------------------------------------------------------------------------------------------------

def tree_root(leaf, index, size, path):
    """RFC 9162, 2.1.3.2, written as a recursion over the tree's shape instead of over bits."""
    def walk(first, count, depth):
        if count == 1:
            require(depth == 0, "an inclusion proof is too long")
            return leaf
        require(depth > 0, "an inclusion proof is too short")
        half = 1
        while half * 2 < count:
            half *= 2
        sibling = path[depth - 1]
        if index < first + half:
            return sha256(b"\x01", walk(first, half, depth - 1), sibling)
        return sha256(b"\x01", sibling, walk(first + half, count - half, depth - 1))
    require(0 <= index < size, "a position outside the log")
    return walk(0, size, len(path))


def map_root(leaf, index, occupied, siblings):
    bits = "".join(f"{byte:08b}" for byte in occupied)
    way = "".join(f"{byte:08b}" for byte in index)
    require(len(bits) == 128 and len(way) == 128, "the map has 128 levels")
    require(bits.count("1") == len(siblings), "the map's siblings")
    rest = list(siblings)
    nothing = bytes(32)
    value = leaf
    for step in range(127, -1, -1):
        sibling = rest.pop() if bits[step] == "1" else nothing
        left, right = (sibling, value) if way[step] == "1" else (value, sibling)
        value = nothing if left == right == nothing else sha256(b"\x04", left, right)
    return value


# --- The answer ---------------------------------------------------------------------------------------------

def parts(element, url):
    found = {}
    for extension in element.get("extension", []):
        if extension["url"] == url:
            for part in extension["extension"]:
                value = next(value for name, value in part.items() if name.startswith("value"))
                found.setdefault(part["url"], []).append(value)
    return found


def binary(values):
    return [base64.b64decode(value, validate=True) for value in values]


def items(leaf):
    lines = leaf.decode().split("\n")
    require(lines[0] == "tsunagi entry v1", "a leaf is no entry")
    return dict(line.split(": ", 1) for line in lines[1:-1])


def check_seal(event, seal, key):
    """The leaf of an entry that is in the log where it says, and its hash; of a withheld or archived
    one the hash alone."""
    size, root = opened(seal["checkpoint"][0], key)
    is_hidden = "recorded" not in event or "archivedMonth" in seal
    leaf = None if is_hidden else binary(seal["leaf"])[0]
    digest = binary(seal["leafHash"])[0] if leaf is None else sha256(b"\x00", leaf)
    require(int(seal["treeSize"][0]) == size, "a proof is for another size than its checkpoint")
    path = binary(seal.get("proof", []))
    require(
        tree_root(digest, int(seal["position"][0]), size, path) == root,
        f"{event['id']} is not in the log")
    return leaf, digest


def check_archives(page, proof, key):
    """Month to its positions, as leaves of the log say that it was archived."""
    months = {}
    for extension in page.get("meta", {}).get("extension", []):
        if extension["url"] != "urn:tsunagi:StructureDefinition:archive-proof":
            continue
        said = parts({"extension": [extension]}, extension["url"])
        size, root = opened(proof["checkpoint"][0], key)
        leaf = binary(said["archiveLeaf"])[0]
        require(
            tree_root(sha256(b"\x00", leaf), int(said["position"][0]), size, binary(said.get("proof", [])))
            == root, "an archive's leaf is not in the log")
        lines = leaf.decode().split("\n")
        require(lines[0] == "tsunagi archive v1", "an archive's leaf")
        items_of = dict(line.split(": ", 1) for line in lines[1:-1])
        months[items_of["month"]] = range(int(items_of["first"]), int(items_of["last"]) + 1)
    return months


def check_archived(event, seal, months):
    """Nothing is said of an entry that is archived, and the log itself says that it is."""
    month = seal["archivedMonth"][0]
    require(int(seal["position"][0]) in months.get(month, range(0)), f"{event['id']} is in no archive")
    for name in ("purposeOfEvent", "outcome", "outcomeDesc", "action"):
        require(name not in event, f"{event['id']} says something that nothing proves")


def check_shown(event, leaf):
    sealed = items(leaf)
    at = datetime.datetime.fromtimestamp(int(sealed["at"]) // 1_000_000, JST)
    recorded = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(sealed['at']) % 1_000_000:06d}+09:00"
    visits = [entity["what"]["identifier"]["value"] for entity in event["entity"]
              if entity.get("what", {}).get("identifier", {}).get("system") == "urn:tsunagi:visit"]
    people = [agent["who"]["display"] for agent in event["agent"]
              if "network" not in agent and "reference" not in agent["who"]]
    refusal = None if sealed["outcome"] == "ok" else sealed["outcome"]
    for name, shown, meant in [
        ("id", event["id"], sealed["id"]), ("recorded", event["recorded"], recorded),
        ("purpose", event["purposeOfEvent"][0]["coding"][0]["code"], sealed["purpose"]),
        ("party", event["agent"][0]["network"]["address"], "urn:tsunagi:party:" + sealed["party"]),
        ("operator", (people or ["-"])[0], sealed["operator"]),
        ("visit", (visits or ["-"])[0], sealed["visit"]),
        ("outcome", event["outcome"], "0" if refusal is None else "4"),
        ("outcomeDesc", event.get("outcomeDesc"), refusal),
    ]:
        require(shown == meant, f"{event['id']}: {name} is not what was sealed")


def check_map(proof, key):
    """(epoch, size, count, index, link, time) that the log and its map say."""
    size, root = opened(proof["checkpoint"][0], key)
    leaf = binary(proof["mapLeaf"])[0]
    position = int(proof["mapPosition"][0])
    require(
        tree_root(sha256(b"\x00", leaf), position, size, binary(proof.get("mapProof", []))) == root,
        "the map is not in the log")
    lines = leaf.decode().split("\n")
    require(lines[0] == "tsunagi map v1" and len(lines) == 6, "the map's leaf")
    said = dict(line.split(": ", 1) for line in lines[1:5])
    index = binary(proof["index"])[0]
    count = int(proof["count"][0])
    link = None
    value = bytes(32)
    if count > 0:
        link = binary(proof["lastLink"])[0]
        value = sha256(b"\x03", index, whole(count), whole(int(proof["lastPosition"][0])), link)
    require(
        map_root(value, index, binary(proof["occupied"])[0], binary(proof.get("sibling", [])))
        == bytes.fromhex(said["root"]), "the map says otherwise")
    return int(said["epoch"]), int(said["size"]), count, index, link, int(said["at"])


def check_withheld(pages, epoch_time):
    """What is counted and cannot be read yet says from when on it can, and that is ahead."""
    for event in (entry["resource"] for page in pages for entry in page.get("entry", [])):
        if "recorded" not in event:
            until = parts(event, "urn:tsunagi:StructureDefinition:withheld")["until"][0]
            at = datetime.datetime.fromisoformat(until).timestamp()
            require(at * 1_000_000 > epoch_time, f"{event['id']} was to be readable from {until} on")


def is_whole(numbered, count):
    return all(number in numbered for number in range(1, count + 1))


def check(key, pages):
    proofs = [parts(page.get("meta", {}), "urn:tsunagi:StructureDefinition:list-proof") for page in pages]
    require(any(proofs), "no epoch was sealed yet")
    maps = [check_map(proof, key) if proof else (0, 0, 0, None, None, 0) for proof in proofs]
    require(len({said[3] for said in maps if said[0] > 0}) == 1, "the pages are of two residents")
    numbered = {}
    leaves = {}
    archived = 0
    for page, proof, (_, covered, counted, _, _, _) in zip(pages, proofs, maps):
        months = check_archives(page, proof, key)
        before = None
        for entry in page.get("entry", []):
            event = entry["resource"]
            seal = parts(event, "urn:tsunagi:StructureDefinition:log-position")
            later = seal.get("notYetCommitted", [False])[0]
            if not seal["sealed"][0]:
                require(later and before is None, f"{event['id']} is out of order")
                continue
            sequence, position = int(seal["sequence"][0]), int(seal["position"][0])
            require(before is None or sequence < before, f"{event['id']} is out of order")
            before = sequence
            leaf, digest = check_seal(event, seal, key)
            if leaf is not None:
                leaves[event["id"]] = leaf
            if "archivedMonth" in seal:
                check_archived(event, seal, months)
                archived += 1
            require(numbered.setdefault(sequence, (position, digest)) == (position, digest), "a number twice")
            require(
                later == (sequence > counted) == (position >= covered),
                f"{event['id']} should be in the map")
    # An entry that was not sealed yet on one page may be on another.
    for page in pages:
        for event in (entry["resource"] for entry in page.get("entry", [])):
            if event["id"] in leaves:
                check_shown(event, leaves[event["id"]])
    # Pages that were asked for across an epoch are whole as of an earlier one: the newer counts the question
    # for the first page already, and that question stands on none of them.
    check_withheld(pages, min(said[5] for said in maps if said[0] > 0))
    complete = [said for said in maps if said[0] > 0 and is_whole(numbered, said[2])]
    require(complete, "the list does not have all of the entries that the map counts")
    _, _, count, index, link, _ = max(complete, key=lambda said: said[0])
    links = index
    for number in range(1, count + 1):
        position, digest = numbered[number]
        links = sha256(b"\x02", links, whole(position), digest)
    require(count == 0 or links == link, "the entries are not those of the map")
    if len(pages) == 1:
        require(pages[0]["total"] == len(pages[0].get("entry", [])), "the total")
    return count, archived


def main():
    try:
        pages = []
        for path in sys.argv[2:]:
            with open(path, encoding="utf-8") as file:
                pages.append(json.load(file))
        count, archived = check(sys.argv[1], pages)
        print(f"complete: {count} entries, {archived} of those shown are archived")
    except (Wrong, ValueError, KeyError, IndexError, TypeError) as wrong:
        print(f"WRONG: {wrong!r}")
        sys.exit(1)


main()

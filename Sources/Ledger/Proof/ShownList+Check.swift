import Exchange

/// 照合: one thing that was looked at, in a sentence for whoever asked.
package struct ProofCheck: Hashable, Sendable {
    private enum Verdict { case good, open, bad }

    private let verdict: Verdict
    package let sentence: String

    package var isGood: Bool { verdict == .good }
    /// 未確認: nothing here contradicts it, and nothing here shows it.
    package var isOpen: Bool { verdict == .open }

    static func good(_ sentence: String) -> ProofCheck {
        ProofCheck(verdict: .good, sentence: sentence)
    }

    static func open(_ sentence: String) -> ProofCheck {
        ProofCheck(verdict: .open, sentence: sentence)
    }

    static func bad(_ sentence: String) -> ProofCheck {
        ProofCheck(verdict: .bad, sentence: sentence)
    }
}

extension [ProofCheck] {
    package var areGood: Bool { allSatisfy { $0.isGood } }
    /// Whether something is not as it was sealed or signed.
    package var findSomething: Bool { contains { !$0.isGood && !$0.isOpen } }
}

/// The list is whole and true when every check is good.
extension ShownList {
    package func check(with key: CheckpointKey) -> [ProofCheck] {
        var checks = signatures(key)
        guard checks.areGood else { return checks }
        // Leaves and counts are read as the log has them: what it has not may say anything.
        checks.append(inclusion())
        guard checks.areGood else { return checks }
        checks.append(fields())
        checks += archived()
        checks.append(order())
        let proofs = pages.compactMap(\.proof)
        guard !proofs.isEmpty else {
            return checks + [
                .open("No epoch was sealed yet: nothing says how many entries there are.")
            ]
        }
        checks.append(map(proofs))
        guard checks.areGood, let proof = covering(proofs) else { return checks }
        checks.append(sequence(proof))
        checks.append(uncommitted(after: proof))
        if let withheld = withheld(proof) { checks.append(withheld) }
        return checks
    }

    /// The newest epoch of the pages as of which nothing is left out, or else the oldest. Pages that were
    /// asked for across an epoch are whole as of an earlier one: the newer counts the question for the
    /// first page already, and that question stands on none of them.
    private func covering(_ proofs: [ShownProof]) -> ShownProof? {
        let newestFirst = proofs.sorted { $0.epochNumber > $1.epochNumber }
        return newestFirst.first { isWhole(numbered(to: $0.count), $0.count) } ?? newestFirst.last
    }

    /// What the map counts, in its order.
    private func numbered(to count: Int) -> [ShownEvent.Seal] {
        events.compactMap(\.seal).filter { $0.sequence <= count }
            .sorted { $0.sequence < $1.sequence }
    }

    private func isWhole(_ counted: [ShownEvent.Seal], _ count: Int) -> Bool {
        counted.count == count && zip(1..., counted).allSatisfy { $0 == $1.sequence }
    }

    private func signatures(_ key: CheckpointKey) -> [ProofCheck] {
        let notes = notes
        guard !notes.isEmpty else { return [.open("Nothing of this is sealed yet.")] }
        return notes.map { note in
            do {
                let checkpoint = try key.open(Array(note.utf8))
                return .good(
                    "The checkpoint of \(checkpoint.size) leaves is signed by \(key.name).")
            } catch {
                return .bad("A checkpoint is not signed by \(key.text): \(error).")
            }
        }
    }

    private func inclusion() -> ProofCheck {
        let sealed = shown.compactMap { event in event.seal.map { (event.id, $0) } }
        for (id, seal) in sealed
        where !seal.inclusion.leads(from: seal.hash, to: seal.checkpoint) {
            return .bad("Entry \(id) is not in the log at position \(seal.inclusion.index).")
        }
        let count = events.count { $0.seal != nil }
        return .good("Each of the \(count) sealed entries is in the log at its position.")
    }

    /// Every copy of every entry.
    private var shown: [ShownEvent] { pages.flatMap(\.events) }

    /// What a reader sees of each entry against what was sealed of it, be it on another page.
    private func fields() -> ProofCheck {
        let leaves = Dictionary(
            shown.compactMap { event in event.seal?.leaf.map { (event.id, $0) } },
            uniquingKeysWith: { first, _ in first })
        for event in shown where event.release == nil {
            guard let leaf = leaves[event.id] else {
                // Whoever shows a hash alone must not say anything beside it.
                guard event.seal == nil || event.isSilent else {
                    return .bad("Entry \(event.id) is shown without what was sealed of it.")
                }
                continue
            }
            if let item = SealedFields(leaf).difference(from: event) {
                return .bad("Entry \(event.id): \(item) is not what was sealed.")
            }
        }
        return .good("What is shown of each sealed entry is what was sealed.")
    }

    private func order() -> ProofCheck {
        let isDescending = pages.allSatisfy { page in
            let order = page.events.map { $0.sequence ?? .max }
            return zip(order, order.dropFirst()).allSatisfy {
                $0 > $1 || ($0 == .max && $1 == .max)
            }
        }
        return isDescending
            ? .good("The entries are in their order, newest first.")
            : .bad("The entries are not in their order.")
    }

    private func map(_ proofs: [ShownProof]) -> ProofCheck {
        for proof in proofs {
            guard let epoch = MapEpoch(leafText: proof.mapLeaf),
                proof.inclusion.leads(from: .leaf(proof.mapLeaf), to: proof.checkpoint)
            else { return .bad("The map's root is not in the log where it should be.") }
            guard proof.index == proofs[0].index else {
                return .bad("The pages are of two residents, or one resident has two indexes.")
            }
            let leaf = proof.head?.leaf(of: proof.index)
            guard proof.map.verifies(leaf, at: proof.index, root: epoch.root) else {
                return .bad(
                    "The map of epoch \(epoch.number) does not have \(proof.count) entries here.")
            }
        }
        return .good("The map whose root is in the log says so, at this resident's own place.")
    }

    /// 連番: numbers 1 to the count, each once, and their links lead to the one in the map.
    private func sequence(_ proof: ShownProof) -> ProofCheck {
        let count = proof.count
        guard let epoch = MapEpoch(leafText: proof.mapLeaf) else {
            return .bad("The map's leaf cannot be read.")
        }
        let counted = numbered(to: count)
        guard isWhole(counted, count) else {
            let here = Set(counted.map(\.sequence))
            let first = (1...).first { !here.contains($0) } ?? count
            return here.count == count
                ? .bad("A number stands twice among the \(count) that the map counts.")
                : .bad(
                    "NOT COMPLETE: of \(count) entries, \(count - here.count) are not here, the "
                        + "first is number \(first). Give every page.")
        }
        let head = counted.reduce(SequenceHead.start(proof.index)) {
            $0.next(position: $1.inclusion.index, leaf: $1.hash)
        }
        guard count == 0 || head == proof.head else {
            return .bad("The entries are not those that the map counts.")
        }
        return .good(
            "Complete: all \(count) entries up to \(epoch.at.text) are here, none left out "
                + "(epoch \(epoch.number), the log's first \(epoch.size) leaves).")
    }

    /// 開示の延期: counted like any other, and readable in time. What should be readable as of the epoch
    /// already is hidden without a right.
    private func withheld(_ proof: ShownProof) -> ProofCheck? {
        let times = events.compactMap(\.release).sorted()
        guard let first = times.first, let last = times.last else { return nil }
        if let at = MapEpoch(leafText: proof.mapLeaf)?.at, first <= at {
            return .bad("An entry that was to be readable from \(first.text) on is not.")
        }
        return .good(
            "\(times.count) of them are counted and withheld; the last is readable from "
                + "\(last.text) on.")
    }

    /// What came after a page's epoch must say so there, and nothing else may.
    private func uncommitted(after proof: ShownProof) -> ProofCheck {
        for page in pages {
            let size = page.proof.flatMap { MapEpoch(leafText: $0.mapLeaf) }?.size ?? 0
            for event in page.events {
                let isCounted = (event.sequence ?? .max) <= page.proof?.count ?? 0
                let isLater = event.seal?.inclusion.index ?? .max >= size
                guard isCounted != isLater, event.isNotYetCommitted == isLater else {
                    return .bad("Entry \(event.id) should be counted by the map and is not.")
                }
            }
        }
        if pages.count == 1, let total = pages[0].total, total != events.count {
            return .bad("The answer speaks of \(total) entries and shows \(events.count).")
        }
        let later = events.count { ($0.sequence ?? .max) > proof.count }
        return .good("\(later) came after that epoch and are not committed yet.")
    }
}

extension ShownProof {
    fileprivate var epochNumber: Int { MapEpoch(leafText: mapLeaf)?.number ?? 0 }
}

extension InclusionProof {
    /// To the root of a checkpoint whose signature was checked before.
    func leads(from leaf: LogHash, to note: String) -> Bool {
        guard let body = try? SignedNote(Array(note.utf8)).body,
            let checkpoint = try? Checkpoint(text: body)
        else { return false }
        return checkpoint.size == size && verifies(leaf: leaf, root: checkpoint.root)
    }
}

/// 封印された項目: the items of an entry as its leaf has them, one a line.
private struct SealedFields {
    private let items: [String: String]
    private let isEntry: Bool

    init(_ leaf: [UInt8]) {
        let lines = String(decoding: leaf, as: UTF8.self).split(separator: "\n")
        isEntry = lines.first == "tsunagi entry v1"
        items = Dictionary(
            lines.dropFirst().compactMap { line in
                line.firstRange(of: ": ").map {
                    (String(line[..<$0.lowerBound]), String(line[$0.upperBound...]))
                }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The first item of the shown resource that is not what was sealed. Names of parties and the
    /// words of purposes are not in the leaf; their codes are.
    func difference(from event: ShownEvent) -> String? {
        guard isEntry else { return "the leaf" }
        let resource = event.resource
        let isGranted = items["outcome"] == "ok"
        let shown: [(item: String, shown: String?, sealed: String?)] = [
            ("id", event.id, items["id"]),
            (
                "recorded", resource["recorded"]?.string,
                items["at"].flatMap { Int64($0) }.map { Instant(microseconds: $0).text }
            ),
            ("purposeOfEvent", Self.purpose(resource), items["purpose"]),
            ("outcome", resource["outcome"]?.string, isGranted ? "0" : "4"),
            ("outcomeDesc", resource["outcomeDesc"]?.string, isGranted ? nil : items["outcome"]),
            ("visit", Self.visit(resource) ?? "-", items["visit"]),
            ("agent", Self.party(resource), items["party"].map { "urn:tsunagi:party:" + $0 }),
            ("operator", Self.operatorName(resource) ?? "-", items["operator"]),
        ]
        return shown.first { $0.shown != $0.sealed }?.item
    }

    private static func purpose(_ resource: JSONObject) -> String? {
        let purposes = objects(resource, "purposeOfEvent")
        return purposes.first.flatMap { objects($0, "coding").first }?["code"]?.string
    }

    private static func party(_ resource: JSONObject) -> String? {
        objects(resource, "agent").first?["network"]?.object?["address"]?.string
    }

    /// The agent that is neither on the network nor the resident: a name as the party asserts it.
    private static func operatorName(_ resource: JSONObject) -> String? {
        objects(resource, "agent").first {
            $0["network"] == nil && $0["who"]?.object?["reference"] == nil
        }?["who"]?.object?["display"]?.string
    }

    private static func visit(_ resource: JSONObject) -> String? {
        objects(resource, "entity").lazy
            .compactMap { $0["what"]?.object?["identifier"]?.object }
            .first { $0["system"]?.string == FHIR.System.visit }?["value"]?.string
    }

    private static func objects(_ resource: JSONObject, _ name: String) -> [JSONObject] {
        (resource[name]?.array ?? []).compactMap(\.object)
    }
}

import Exchange
import Ledger

/// 本人の一覧: as its resident reads it at a moment, what is withheld until later as its place alone; or
/// whole, for whoever examines a complaint.
extension OwnAccessLog {
    /// `now` is nothing where the reader sees what is withheld, too.
    func rendered(
        of patient: String, asOf now: Instant?, rules: RuleBook, page: SearchPage,
        name: @escaping (PersonKey) -> String
    ) throws -> [UInt8] {
        renderAuditEvents(
            try entries.map { own in
                try own.line(of: (patient, name), checkpoint, asOf: now, rules)
            },
            purposes: rules.purposes, page: page, proof: ListProof(self))
    }
}

extension OwnEntry {
    fileprivate func line(
        of ids: (patient: String, name: (PersonKey) -> String), _ checkpoint: String?,
        asOf now: Instant?, _ rules: RuleBook
    ) throws -> LogLine {
        if let now, let withholding, withholding.release > now {
            let hash = content.leaf.bytes
            return .withheld(
                WithheldEntry(
                    id: Hexadecimal.text(hash), release: withholding.release,
                    patientID: ids.patient,
                    proof: place(.hash(hash), checkpoint)))
        }
        switch content {
        case .kept(let entry, let partyName):
            return .shown(
                try AccessEntryView(
                    entry,
                    of: (
                        entry.id.text, entry.visit?.text, ids.patient,
                        entry.representative.map(ids.name)
                    ),
                    partyName: partyName,
                    place: .own(place(.text(entry.leafText), checkpoint)),
                    withholding: withholding?.mark(rules)))
        case .archived(let id, let at, let leaf):
            let month = LogMonth(of: at).text
            guard let proof = place(.archived(leaf.bytes, month: month), checkpoint) else {
                throw LogDamage.unproved
            }
            return .archived(
                ArchivedEntryView(
                    id: id.text, at: at, patientID: ids.patient, month: month, proof: proof))
        }
    }

    private func place(_ leaf: SealedPosition.Leaf, _ checkpoint: String?) -> SealedPosition? {
        guard let proof, let sequence else { return nil }
        return SealedPosition(
            at: (proof.index, proof.size), sequence: sequence, isCommitted: isCommitted,
            leaf: leaf, path: proof.path.map(\.bytes), checkpoint: checkpoint)
    }
}

extension Withholding {
    /// A reason that the rules in use no longer hold goes by its code: a list is never lost with a rule.
    func mark(_ rules: RuleBook) -> WithholdingMark {
        WithholdingMark(
            party: party, code: reason, reason: rules.log?.reason(reason), release: release)
    }
}

extension AccessEntryView {
    /// `ids`: the entry, the visit, the resident, and who acted in their place, as the reader knows them.
    init(
        _ entry: StoredEntry,
        of ids: (entry: String, visit: String?, patient: String?, representative: String?),
        partyName: String,
        place: LogPlace, withholding: WithholdingMark?
    ) throws {
        guard let purpose = Purpose(rawValue: entry.purpose) else {
            throw Refusal.rulesUnknown
        }
        self.init(
            id: ids.entry, at: entry.at,
            party: try Party(uri: "urn:tsunagi:party:\(entry.party)"), partyName: partyName,
            operatorName: entry.operatorID, purpose: purpose, visitID: ids.visit,
            refusal: entry.outcome == "ok" ? nil : entry.outcome, patientID: ids.patient,
            representativeID: ids.representative,
            what: [purpose.rawValue], place: place, withholding: withholding)
    }
}

extension ListProof {
    fileprivate init?(_ log: OwnAccessLog) {
        guard let checkpoint = log.checkpoint, let map = log.map else { return nil }
        self.init(
            checkpoint: checkpoint,
            map: OwnLeaf(map.epoch.leafText, map.inclusion),
            place: Place(
                index: map.index.bytes, count: map.head?.count ?? 0,
                last: map.head.map { .init(position: $0.position, link: $0.link) }),
            occupied: map.proof.occupied, siblings: map.proof.siblings.map(\.bytes))
        archives = log.archives.map { OwnLeaf($0.month.leafText, $0.inclusion) }
    }
}

extension ListProof.OwnLeaf {
    fileprivate init(_ text: [UInt8], _ inclusion: InclusionProof) {
        self.init(text: text, position: inclusion.index, path: inclusion.path.map(\.bytes))
    }
}

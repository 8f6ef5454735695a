/// 開示の延期の印: by whom, for which reason of the rules and until when.
package struct WithholdingMark: Hashable, Sendable {
    package let party: Party
    package let code: String
    /// Nothing where the rules in use no longer hold the code.
    package let reason: WithholdingReason?
    package let release: Instant

    package init(party: Party, code: String, reason: WithholdingReason?, release: Instant) {
        self.party = party
        self.code = code
        self.reason = reason
        self.release = release
    }
}

/// 開示が延期されている記録: an entry that its resident may count and prove, and not yet read. Nothing of
/// it is told but its place and the day of its release.
package struct WithheldEntry: Hashable, Sendable {
    /// The hash of its salted leaf, in hexadecimal: the entry's own id would tell its time.
    package let id: String
    package let release: Instant
    package let patientID: String
    /// `nil` while the entry is not yet sealed.
    package let proof: SealedPosition?

    package init(id: String, release: Instant, patientID: String, proof: SealedPosition?) {
        self.id = id
        self.release = release
        self.patientID = patientID
        self.proof = proof
    }

    /// An AuditEvent whose required elements say that they are masked.
    func render() -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { event in
            event.member("resourceType", "AuditEvent")
            event.member("id", id)
            event.object("meta") {
                $0.array("security") { $0.codingItem(FHIR.System.observationValue, "REDACTED") }
            }
            event.array("extension") { extensions in
                extensions.logPosition(.own(proof))
                extensions.object { mark in
                    mark.member("url", FHIR.Extension.withheld)
                    mark.array("extension") {
                        $0.extensionItem("until", "valueInstant", release.text)
                    }
                }
            }
            event.coding("type", FHIR.System.absence, "masked", display: "Masked")
            event.object("_recorded") { $0.masked() }
            event.array("agent") { agents in
                agents.object { agent in
                    agent.object("who") { $0.masked() }
                    agent.member("requestor", false)
                }
            }
            event.object("source") { $0.reference("observer", FHIR.gateway) }
            event.array("entity") { $0.patientEntity(patientID) }
        }
        return writer.bytes
    }
}

/// 一覧の一行: an entry as its reader may see it.
package enum LogLine: Hashable, Sendable {
    case shown(AccessEntryView)
    case withheld(WithheldEntry)
    case archived(ArchivedEntryView)

    fileprivate func searchEntry(_ purposes: [Purpose: BilingualText]) -> SearchEntry {
        switch self {
        case .shown(let view):
            SearchEntry(
                reference: "AuditEvent/" + view.id, resource: view.render(purposes: purposes))
        case .withheld(let entry):
            SearchEntry(reference: "AuditEvent/" + entry.id, resource: entry.render())
        case .archived(let entry):
            SearchEntry(reference: "AuditEvent/" + entry.id, resource: entry.render())
        }
    }
}

/// Entries in the order given, with the proof of how many there are where the list is a resident's own
/// and an epoch was sealed.
package func renderAuditEvents(
    _ lines: [LogLine], purposes: [Purpose: BilingualText], page: SearchPage,
    proof: ListProof? = nil
) -> [UInt8] {
    renderSearchset(
        lines.map { $0.searchEntry(purposes) }, page: page,
        writeMeta: proof.map { proof in { proof.write(to: &$0) } })
}

extension JSONWriter {
    mutating func patientEntity(_ patientID: String) {
        object {
            $0.reference("what", "Patient/" + patientID)
            $0.coding("type", FHIR.System.entityType, "1", display: "Person")
            $0.coding("role", FHIR.System.objectRole, "1", display: "Patient")
        }
    }

    /// https://hl7.org/fhir/R4/extension-data-absent-reason.html: stands where an element must be.
    fileprivate mutating func masked() {
        array("extension") {
            $0.extensionItem(FHIR.Extension.absenceReason, "valueCode", "masked")
        }
    }

    mutating func withholding(_ mark: WithholdingMark) {
        object { entry in
            entry.member("url", FHIR.Extension.withheld)
            entry.array("extension") { parts in
                parts.extensionItem("until", "valueInstant", mark.release.text)
                parts.extensionItem("by", "valueUri", mark.party.uri)
                parts.extensionItem("reason", "valueCode", mark.code)
                if let reason = mark.reason {
                    parts.extensionItem(
                        "law", "valueString", reason.name.ja + "（" + reason.law + "）")
                }
            }
        }
    }

    mutating func logPosition(_ place: LogPlace) {
        object { entry in
            entry.member("url", FHIR.Extension.logPosition)
            entry.array("extension") { parts in
                switch place {
                case .own(let proof): parts.ownPosition(proof)
                case .position(let position):
                    parts.claimItem("sealed", true)
                    parts.extensionItem("position", "valueString", String(position))
                }
            }
        }
    }

    private mutating func ownPosition(_ proof: SealedPosition?) {
        claimItem("sealed", proof != nil)
        if proof?.isCommitted != true { claimItem("notYetCommitted", true) }
        guard let proof else { return }
        extensionItem("sequence", "valueString", String(proof.sequence))
        extensionItem("position", "valueString", String(proof.position))
        extensionItem("treeSize", "valueString", String(proof.treeSize))
        switch proof.leaf {
        case .text(let leaf): extensionItem("leaf", "valueBase64Binary", Base64.text(leaf))
        case .hash(let hash): extensionItem("leafHash", "valueBase64Binary", Base64.text(hash))
        case .archived(let hash, let month):
            extensionItem("leafHash", "valueBase64Binary", Base64.text(hash))
            extensionItem("archivedMonth", "valueString", month)
        }
        for hash in proof.path {
            extensionItem("proof", "valueBase64Binary", Base64.text(hash))
        }
        if let checkpoint = proof.checkpoint {
            extensionItem("checkpoint", "valueString", checkpoint)
        }
    }

    private mutating func claimItem(_ url: String, _ claim: Bool) {
        object {
            $0.member("url", url)
            $0.member("valueBoolean", claim)
        }
    }
}

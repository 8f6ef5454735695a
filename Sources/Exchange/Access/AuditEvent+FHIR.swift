/// アクセス記録: one entry of the log as its resident may read it, with its place in the sealed log.
package struct AccessEntryView: Hashable, Sendable {
    package let id: String
    package let at: Instant
    package let party: Party
    package let partyName: String
    /// As the party asserts it.
    package let operatorName: String?
    package let purpose: Purpose
    package let visitID: String?
    /// The code of a refusal; `nil` when it was granted.
    package let refusal: String?
    package let patientID: String
    /// References of what was disclosed or written (`Coverage/e12`); for a search, the request as
    /// asked.
    package let what: [String]
    /// `nil` while the entry is not yet sealed.
    package let proof: SealedPosition?

    package init(
        id: String, at: Instant, party: Party, partyName: String, operatorName: String?,
        purpose: Purpose, visitID: String?, refusal: String?, patientID: String, what: [String],
        proof: SealedPosition?
    ) {
        self.id = id
        self.at = at
        self.party = party
        self.partyName = partyName
        self.operatorName = operatorName
        self.purpose = purpose
        self.visitID = visitID
        self.refusal = refusal
        self.patientID = patientID
        self.what = what
        self.proof = proof
    }
}

/// 包含証明: position and RFC 6962 inclusion proof under one checkpoint. Numbers travel as decimal
/// text: a log outgrows FHIR's 31 bits.
package struct SealedPosition: Hashable, Sendable {
    package let position: Int
    package let treeSize: Int
    /// 連番: its number in the resident's own sequence, from 1 on.
    package let sequence: Int
    /// The map of the last epoch counts it; what came after waits for the next one.
    package let isCommitted: Bool
    /// What the salted leaf hash is made from, so that the reader recomputes it.
    package let leaf: [UInt8]
    package let path: [[UInt8]]
    package let checkpoint: String?

    package init(
        at place: (position: Int, treeSize: Int), sequence: Int, isCommitted: Bool, leaf: [UInt8],
        path: [[UInt8]], checkpoint: String?
    ) {
        position = place.position
        treeSize = place.treeSize
        self.sequence = sequence
        self.isCommitted = isCommitted
        self.leaf = leaf
        self.path = path
        self.checkpoint = checkpoint
    }
}

/// AuditEvent in the forms of IHE BALP (https://profiles.ihe.net/ITI/BALP). A profile is claimed
/// only where the entry has all it asks for; BALP fixes `outcome` to success, so a refusal claims
/// none.
extension AccessEntryView {
    /// How one purpose looks as an interaction.
    enum Form {
        case disclosure, create, search, operation

        var action: String {
            switch self {
            case .disclosure: "R"
            case .create: "C"
            case .search, .operation: "E"
            }
        }

        var profile: String? {
            switch self {
            case .disclosure: "PrivacyDisclosure.Source"
            case .create: "PatientCreate"
            case .search: "PatientQuery"
            case .operation: nil
            }
        }
    }

    var form: Form {
        switch purpose {
        case .checkEligibility, .replayEligibility, .readEligibility, .readPatient,
            .readRegistration, .readVaccination, .checkVaccination, .readBill, .readScreenings,
            .receiveVaccinations, .listUnvaccinated, .readCheckups,
            .readSensitiveCheckups, .readFollowUps, .readSensitiveFollowUps:
            .disclosure
        case .openVisit, .openPaperVisit, .registerEntitlements,
            .registerCheckupTargets, .registerVaccinationTargets, .settleReview, .feedCards,
            .recordVaccination, .settleBill, .saveScreening, .recordCheckup,
            .recordSensitiveCheckup, .registerNotifications, .answerFollowUp,
            .answerSensitiveFollowUp:
            .create
        case .readOwnEntitlements, .readOwnVisits, .readOwnNotices, .readOwnAccessLog,
            .readOwnVaccinations, .readOwnForecast, .readOwnBalances, .readOwnScreenings,
            .readOwnCheckups,
            .readOwnSensitiveCheckups, .readOwnMeasurements, .readOwnCheckupPlan:
            .search
        case .connect, .beginResidentSession, .endResidentSession, .endOwnVisit, .issueHealthCard,
            .revokeHealthCard:
            .operation
        }
    }

    package func render(purposes: [Purpose: BilingualText]) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 2048)
        writer.object { event in
            event.member("resourceType", "AuditEvent")
            event.member("id", id)
            if refusal == nil, !what.isEmpty, let profile = form.profile {
                event.profile(FHIR.Profile.audit + profile)
            }
            event.array("extension") { writePosition(to: &$0) }
            writeKind(to: &event)
            event.member("action", form.action)
            event.member("recorded", at.text)
            event.member("outcome", refusal == nil ? "0" : "4")
            event.member("outcomeDesc", refusal)
            event.array("purposeOfEvent") {
                $0.conceptItem(
                    FHIR.System.purpose, purpose.rawValue, display: purposes[purpose]?.ja)
            }
            event.array("agent") { writeAgents(to: &$0) }
            event.object("source") { $0.reference("observer", FHIR.gateway) }
            event.array("entity") { writeEntities(to: &$0) }
        }
        return writer.bytes
    }

    private func writeKind(to event: inout JSONWriter) {
        guard form != .disclosure else {
            event.coding("type", FHIR.System.dicom, "110106", display: "Export")
            event.array("subtype") {
                $0.codingItem(FHIR.System.lifecycle, "disclose")
            }
            return
        }
        event.coding("type", FHIR.System.auditType, "rest", display: "Restful Operation")
        event.array("subtype") {
            switch form {
            case .create: $0.codingItem(FHIR.System.restful, "create")
            case .search: $0.codingItem(FHIR.System.restful, "search-type")
            default: $0.codingItem(FHIR.System.restful, "operation")
            }
        }
    }

    /// Of a disclosure the gateway is the source (110153) and the party the destination (110152);
    /// of what a party sends or asks it is the other way round.
    private func writeAgents(to agents: inout JSONWriter) {
        let isDisclosure = form == .disclosure
        agents.object { agent in
            agent.concept("type", FHIR.System.dicom, isDisclosure ? "110152" : "110153")
            agent.name("who")
            agent.partyItem(party, name: partyName)
            agent.member("requestor", operatorName == nil && form != .search)
            agent.network(party.uri)
        }
        agents.object { agent in
            agent.concept("type", FHIR.System.dicom, isDisclosure ? "110153" : "110152")
            agent.reference("who", FHIR.gateway)
            agent.member("requestor", false)
            agent.network("urn:tsunagi:gateway")
        }
        if form == .search {
            agents.object { agent in
                agent.concept("type", FHIR.System.participation, "IRCP")
                agent.reference("who", "Patient/" + patientID)
                agent.member("requestor", true)
            }
        }
        if let operatorName {
            agents.object { agent in
                agent.concept("type", FHIR.System.participation, userType)
                agent.object("who") { $0.member("display", operatorName) }
                agent.member("requestor", form != .search)
            }
        }
    }

    /// Who asks or sends is an author; who is answered, a recipient. Of a resident's own search the
    /// recipient is the resident.
    private var userType: String { [.create, .search].contains(form) ? "AUT" : "IRCP" }

    private func writeEntities(to entities: inout JSONWriter) {
        entities.object {
            $0.reference("what", "Patient/" + patientID)
            $0.coding("type", FHIR.System.entityType, "1", display: "Person")
            $0.coding("role", FHIR.System.objectRole, "1", display: "Patient")
        }
        if form == .search {
            entities.queryEntity(what)
        } else {
            for item in what {
                entities.object {
                    if item.contains("/") { $0.reference("what", item) }
                    $0.coding("type", FHIR.System.entityType, "2", display: "System Object")
                    $0.coding("role", FHIR.System.objectRole, "4", display: "Domain Resource")
                    if !item.contains("/") { $0.member("name", item) }
                }
            }
        }
        if let visitID {
            entities.object {
                $0.logicalReference("what", FHIR.System.visit, visitID)
                $0.coding("type", FHIR.System.entityType, "4", display: "Other")
            }
        }
    }

    private func writePosition(to extensions: inout JSONWriter) {
        extensions.object { entry in
            entry.member("url", FHIR.Extension.logPosition)
            entry.array("extension") { parts in
                parts.object {
                    $0.member("url", "sealed")
                    $0.member("valueBoolean", proof != nil)
                }
                if proof?.isCommitted != true {
                    parts.object {
                        $0.member("url", "notYetCommitted")
                        $0.member("valueBoolean", true)
                    }
                }
                guard let proof else { return }
                parts.extensionItem("sequence", "valueString", String(proof.sequence))
                parts.extensionItem("position", "valueString", String(proof.position))
                parts.extensionItem("treeSize", "valueString", String(proof.treeSize))
                parts.extensionItem("leaf", "valueBase64Binary", Base64.text(proof.leaf))
                for hash in proof.path {
                    parts.extensionItem("proof", "valueBase64Binary", Base64.text(hash))
                }
                if let checkpoint = proof.checkpoint {
                    parts.extensionItem("checkpoint", "valueString", checkpoint)
                }
            }
        }
    }
}

/// The resident's access log, in the order given, with the proof of how many there are once an epoch
/// was sealed.
package func renderAuditEvents(
    _ entries: [AccessEntryView], purposes: [Purpose: BilingualText], page: SearchPage,
    proof: ListProof? = nil
) -> [UInt8] {
    renderSearchset(
        entries.map {
            SearchEntry(
                reference: "AuditEvent/" + $0.id, resource: $0.render(purposes: purposes))
        }, page: page, writeMeta: proof.map { proof in { proof.write(to: &$0) } })
}

extension JSONWriter {
    /// Type 5: a URI. Network addresses of institutions are no business of the log's readers.
    fileprivate mutating func network(_ address: String) {
        object("network") {
            $0.member("address", address)
            $0.member("type", "5")
        }
    }

    fileprivate mutating func queryEntity(_ what: [String]) {
        guard !what.isEmpty else { return }
        object {
            $0.coding("type", FHIR.System.entityType, "2", display: "System Object")
            $0.coding("role", FHIR.System.objectRole, "24", display: "Query")
            $0.member("query", Base64.text(Array(what.joined(separator: "\n").utf8)))
        }
    }
}

/// アクセスの記録: one entry of the log as its reader may see it, with its place in the sealed log.
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
    /// As the reader knows the resident; `nil` of an entry about nobody.
    package let patientID: String?
    /// 代理した人: who asked in the resident's place, by the id that the reader knows them by.
    package let representativeID: String?
    /// References of what was disclosed or written (`Coverage/e12`); for a search, the request as
    /// asked.
    package let what: [String]
    package let place: LogPlace
    /// 開示の延期: that the entry is, or was, held back from its resident.
    package let withholding: WithholdingMark?

    package init(
        id: String, at: Instant, party: Party, partyName: String, operatorName: String?,
        purpose: Purpose, visitID: String?, refusal: String?, patientID: String?,
        representativeID: String? = nil, what: [String], place: LogPlace,
        withholding: WithholdingMark? = nil
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
        self.representativeID = representativeID
        self.what = what
        self.place = place
        self.withholding = withholding
    }
}

/// Where a shown entry stands in the log.
package enum LogPlace: Hashable, Sendable {
    /// In the list of its resident, who gets its proof; `nil` while it is not yet sealed.
    case own(SealedPosition?)
    /// In the log as offices and auditors search it.
    case position(Int)
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
    package let leaf: Leaf
    package let path: [[UInt8]]
    package let checkpoint: String?

    package enum Leaf: Hashable, Sendable {
        case text([UInt8])
        /// Of a withheld entry the salted hash alone: it proves the place and tells nothing.
        case hash([UInt8])
        /// 保管: the same, of an entry whose month (`YYYY-MM`) is in an archive.
        case archived([UInt8], month: String)
    }

    package init(
        at place: (position: Int, treeSize: Int), sequence: Int, isCommitted: Bool, leaf: Leaf,
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

        /// Of https://hl7.org/fhir/R4/valueset-type-restful-interaction.html.
        var interaction: String {
            switch self {
            case .disclosure: "read"
            case .create: "create"
            case .search: "search-type"
            case .operation: "operation"
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
            .readRegistration, .readSensitiveRegistration, .readVaccination, .checkVaccination,
            .forecastVaccinations,
            .readReaction, .receiveReactions, .exportReactions, .readBill, .receiveCheckNotices,
            .receiveLapseNotices,
            .readScreenings,
            .readSensitiveScreenings, .receiveVaccinations,
            .receiveEntitlements, .receiveCheckups, .receiveSensitiveCheckups, .receiveBills,
            .readStatement, .listUnvaccinated, .readCheckups, .listUnseen, .readCheckupLines,
            .countAttendance, .exportResidents,
            .readSensitiveCheckups, .readFollowUps, .readSensitiveFollowUps, .searchAccessLog,
            .examineComplaint, .readEmergencyReviews, .readSettledClaims, .readClaims,
            .reconcileMonth, .readRefunds:
            .disclosure
        case .openVisit, .openPaperVisit, .registerEntitlements,
            .registerCheckupTargets, .registerGuardianships, .registerLifeEvents,
            .registerVaccinationTargets, .registerPastDoses,
            .settleReview, .feedCards,
            .recordVaccination, .reportReaction, .settleBill, .submitClaims, .requestRefund,
            .answerRefund, .saveScreening, .saveSensitiveScreening, .bringScreening, .recordCheckup,
            .recordSensitiveCheckup, .recordMassCheckup, .recordSensitiveMassCheckup,
            .registerNotifications, .answerFollowUp, .remindOfCheckup, .remindOfVaccination,
            .answerSensitiveFollowUp, .withholdEntries, .openEmergencyVisit,
            .answerEmergencyReview:
            .create
        case .readRepresented, .readOwnRepresentatives, .readOwnBlocks,
            .readOwnEntitlements, .readOwnVisits, .readOwnNotices, .readOwnAccessLog,
            .readOwnVaccinations, .readOwnForecast, .readOwnBalances, .readOwnRefunds,
            .readOwnScreenings, .readOwnSensitiveScreenings,
            .readOwnCheckups,
            .readOwnSensitiveCheckups, .readOwnMeasurements, .readOwnCheckupPlan:
            .search
        case .connect, .beginResidentSession, .endResidentSession, .endOwnVisit, .printScreening,
            .printPaperForms, .issueHealthCard,
            .beginActingSession, .delegate, .acceptDelegation, .endDelegation,
            .withdrawOwnConsent, .setOwnBlock, .liftOwnBlock, .revokeHealthCard, .declareDisaster,
            .readCoverage, .registerVaccinationPrices, .readVaccinationPrices,
            .registerCheckupPrices, .readCheckupPrices, .registerSchemes, .registerSeasons,
            .rotateKey, .archiveLog:
            .operation
        }
    }

    package func render(purposes: [Purpose: BilingualText]) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 2048)
        writer.object { event in
            event.member("resourceType", "AuditEvent")
            event.member("id", id)
            if refusal == nil, !what.isEmpty, patientID != nil, let profile = form.profile {
                event.profile(FHIR.Profile.audit + profile)
            }
            event.array("extension") { extensions in
                extensions.logPosition(place)
                if let withholding { extensions.withholding(withholding) }
            }
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
            $0.codingItem(FHIR.System.restful, form.interaction)
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
            agent.network(FHIR.gatewayURI)
        }
        if form == .search, let patientID {
            agents.object { agent in
                agent.concept("type", FHIR.System.participation, "IRCP")
                agent.reference("who", "Patient/" + (representativeID ?? patientID))
                agent.member("requestor", true)
            }
        } else if let representativeID {
            agents.object { agent in
                agent.concept("type", FHIR.System.participation, "AUT")
                agent.reference("who", "Patient/" + representativeID)
                agent.member("requestor", false)
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
        if let patientID { entities.patientEntity(patientID) }
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

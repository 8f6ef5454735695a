import Exchange

/// What we write, from one made-up resident: the same bytes as the examples in `profiles/`, whose spaces
/// are for readers only.
enum Written {
    struct Resource: Sendable {
        let path: String
        let make: @Sendable () throws -> [UInt8]

        init(_ path: String, _ make: @escaping @Sendable () throws -> [UInt8]) {
            self.path = path
            self.make = make
        }
    }

    static let resources: [Resource] =
        [
            Resource("subsidy/examples/valid/request-as-stored.json") {
                try question().render(id: "example-1", created: now())
            },
            Resource("subsidy/examples/valid/response-entitled.json") {
                try response(consents: ["subsidy"])
            },
            Resource("subsidy/examples/valid/response-declined.json") {
                try response(consents: [])
            },
            Resource("subsidy/examples/valid/bundle-own-coverages.json") {
                renderCoverages(
                    try entitlements(), of: "pw-0001", rules: Example.book.subsidy,
                    page: page("Coverage"))
            },
            Resource("access/examples/valid/patient.json") {
                PatientView(
                    pairwiseID: "pw-0001", name: "見本　花子", nameKana: "ミホン　ハナコ",
                    birthDate: "2020-05-05", sex: "2"
                ).render()
            },
            Resource("access/examples/valid/bundle-own-consents.json") {
                renderConsents(
                    [try consent(isEnded: false), try consent(isEnded: true)], asked: try now(),
                    rules: Example.book, page: page("Consent"))
            },
            Resource("access/examples/valid/bundle-own-notices.json") {
                renderNotices([try notice()], to: "pw-0001", page: page("Communication"))
            },
            Resource("access/examples/valid/bundle-own-access-log.json") {
                renderAuditEvents(
                    try accessLog().map { .shown($0) } + [.withheld(try withheld())],
                    purposes: Example.book.purposes, page: page("AuditEvent"),
                    proof: listProof())
            },
        ]
        + Listener.allCases.map { listener in
            Resource("access/examples/valid/capability-\(listener.rawValue).json") {
                renderCapabilityStatement(
                    for: listener, softwareVersion: "0.1.0",
                    released: try CalendarDay("2026-11-21"))
            }
        } + immunization + reactions + bills + maternal

    static let institution = "1319999996"

    static func now() throws -> Instant { try Instant("2026-06-15T10:00:00+09:00") }

    static func page(_ type: String) -> SearchPage {
        let base = "https://gateway.example/fhir"
        return SearchPage(base: base, selfLink: base + "/" + type)
    }

    static func question() throws -> EligibilityQuestion {
        EligibilityQuestion(
            institution: try Party(role: .institution, code: institution),
            serviceDate: try CalendarDay("2026-06-15"),
            visitID: "0f8fad5b-d9cb-469f-a165-70867728950e", patientID: "pw-0001")
    }

    static func response(consents: [String]) throws -> [UInt8] {
        let known = try Instant("2026-03-01T00:00:00+09:00")
        let asOf = try Instant("2026-06-15T03:00:00+09:00")
        let since = try CalendarDay("2025-04-01")
        let facts = EligibilityFacts(
            visit: VisitFacts(
                kind: .card, consents: Set(try consents.map { try ConsentKind($0) }),
                opened: try Instant("2026-06-15T09:30:00+09:00"),
                cardValidTo: try CalendarDay("2026-08-01")),
            residences: [
                Residence(
                    version: 1, municipality: "132101", from: try CalendarDay("2020-05-05"),
                    knownAt: known)
            ],
            entitlements: try entitlements(),
            bodies: ["132101", "130001"].map {
                BodyStanding(body: $0, connectedSince: since, asOf: asOf)
            },
            decidedAt: try now())
        let rules = Example.book.subsidy
        return answerEligibility(try question(), facts, rules).render(
            id: "example-1", requestID: "example-1", question: try question(), created: try now(),
            rules: rules)
    }

    static func entitlements() throws -> [EntitlementVersion] {
        let types = [
            (version: 11, type: "kodomo", from: "2026-04-01", to: "2027-03-31", name: "こども医療証"),
            (version: 12, type: "hitorioya", from: "2025-04-01", to: "2026-03-31", name: "ひとり親医療証"),
        ]
        return try types.map { row in
            EntitlementVersion(
                version: row.version, body: "132101", certificateTypeID: row.type,
                historyKey: "1", subKey: nil, validFrom: try CalendarDay(row.from),
                validTo: try CalendarDay(row.to), knownAt: try Instant("2026-03-01T00:00:00+09:00"),
                payerNumber: "88139995", recipientNumber: "9999991", certificationName: row.name,
                face: #"""
                    {"orgSpecificCertificateTypeId":"\#(row.type)","certificationName":"\#(row.name)",
                     "medicalSubsidyInsurerNumber":"88139995","medicalSubsidyRecipientNumber":"9999991",
                     "incomeSegment":"1","additionalConditions":"01-1;01-2","isAlwaysReimbursement":"0",
                     "maxCopaymentAmount":{"perVisit":200},"validFrom":"\#(row.from)","validTo":"\#(row.to)",
                     "certificationDetail":[{"itemName":"備考","itemValue":"通院 1回 200円"}]}
                    """#)
        }
    }

    static func consent(isEnded: Bool) throws -> ConsentView {
        ConsentView(
            visitID: isEnded ? "visit-1" : "visit-2", patientID: "pw-0001",
            party: try Party(role: .institution, code: institution), partyName: "見本クリニック",
            visitKind: "outpatient",
            consents: isEnded ? [] : [try ConsentKind("subsidy"), try ConsentKind("maternal")],
            opened: try Instant("2026-06-15T09:30:00+09:00"),
            ends: try Instant("2026-06-16T00:00:00+09:00"), isEnded: isEnded,
            isConfirmedLater: false)
    }

    static func notice() throws -> Notice {
        guard let kind = Example.book.noticeKind("paper-visit") else { throw Refusal.rulesUnknown }
        return Notice(
            id: "notice-1", at: try Instant("2026-06-15T09:30:00+09:00"), kind: kind,
            party: try Party(role: .institution, code: institution), partyName: "見本クリニック",
            about: (visitID: "visit-1", subject: nil))
    }

    static func accessLog() throws -> [AccessEntryView] {
        let clinic = try Party(role: .institution, code: institution)
        let portal = try Party(role: .portal, code: "sample-portal")
        let proof = SealedPosition(
            at: (position: 2, treeSize: 4), sequence: 1, isCommitted: true,
            leaf: .text(Array("example leaf".utf8)), path: [Array(0..<32)], checkpoint: checkpoint)
        return [
            try entry("entry-3", portal, .readOwnAccessLog, what: ["AuditEvent"]),
            try entry("entry-2", clinic, .checkEligibility, refusal: "visit-ended", what: []),
            try entry(
                "entry-1", clinic, .checkEligibility,
                what: ["CoverageEligibilityResponse/example-1"],
                proof: proof),
        ]
    }

    static let checkpoint = "log.example\n4\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"

    static func listProof() -> ListProof {
        ListProof(
            checkpoint: checkpoint,
            map: .init(text: Array("example map".utf8), position: 3, path: [Array(0..<32)]),
            place: .init(
                index: Array(0..<16), count: 1, last: .init(position: 2, link: Array(32..<64))),
            occupied: [0x80] + Array(repeating: 0, count: 15), siblings: [Array(64..<96)])
    }

    private static func entry(
        _ id: String, _ party: Party, _ purpose: Purpose, refusal: String? = nil, what: [String],
        proof: SealedPosition? = nil
    ) throws -> AccessEntryView {
        let isClinic = party.role == .institution
        return AccessEntryView(
            id: id, at: try now(), party: party, partyName: isClinic ? "見本クリニック" : "見本ポータル",
            operatorName: isClinic ? "見本電子カルテ" : nil, purpose: purpose,
            visitID: isClinic ? "visit-2" : nil, refusal: refusal, patientID: "pw-0001", what: what,
            place: .own(proof))
    }

    private static func withheld() throws -> WithheldEntry {
        WithheldEntry(
            id: String(repeating: "a1", count: 32),
            release: try Instant("2026-12-01T00:00:00+09:00"), patientID: "pw-0001",
            proof: SealedPosition(
                at: (position: 1, treeSize: 4), sequence: 1, isCommitted: true,
                leaf: .hash(Array(0..<32)), path: [Array(0..<32)], checkpoint: checkpoint))
    }
}

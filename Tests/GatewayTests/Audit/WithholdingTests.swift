import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 開示の延期: what an office holds back is counted and proved in its resident's list, and told when its time
/// has come; and an ombudsman sees it before.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct WithholdingTests {
    static let path = "/access-log/withholdings"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private struct Known {
        let key: String
        let card: SoftwareCard
        /// The town's own entries about the resident, as the town knows them,
        let entries: [String]
        /// and as the resident does.
        let own: [String]
    }

    private func known() async throws -> Known {
        let (resident, card) = try await gateway.settleFamily()
        let key = "W-\(resident.index)"
        try await gateway.invite(resident, key: key)
        _ = try await gateway.openVisit(card)
        try await gateway.index()
        let found = try await gateway.searchLog(
            Cast.town, [("patient.identifier", "urn:tsunagi:municipality-identity-key|\(key)")])
        let events = found.events.filter { $0.party == Cast.town.uri }
        return Known(
            key: key, card: card, entries: events.map(\.id),
            own: try await gateway.entries(at: events.compactMap(\.position)))
    }

    private func order(
        _ entries: [String], days: Int = 30, _ changes: [String: JSON] = [:]
    ) -> JSON {
        let release = Instant.startOfDay(gateway.clock.today.adding(days: days))
        var order = JSONObject([
            .init(name: "entries", value: .array(entries.map { .string($0) })),
            .init(name: "reason", value: "inspection"),
            .init(name: "reference", value: "監査計画 令和8年第3号"),
            .init(name: "releaseAt", value: .string(release.text)),
        ])
        for (name, value) in changes { order = order.with(name, value) }
        return .object(order)
    }

    private func withhold(_ body: JSON, by party: Party = Cast.town) async throws
        -> TLSClient.Answer
    {
        try await gateway.send(party, "POST", Self.path, body: body)
    }

    private func list(_ card: SoftwareCard) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/AuditEvent?_count=100",
            headers: [gateway.session(of: card)])
        try answer.expect(200)
        return answer
    }

    /// Both verifiers, each in a process of its own.
    private func verdicts(_ body: [UInt8]) async throws -> (
        own: Program.Ended, other: Program.Ended
    ) {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "tsunagi-withheld-\(RecordID.random().text).json")
        try Data(body).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let key = gateway.sealKey.text
        return (
            try await Program.run(["seal", "proof", file.path, "--key", key]),
            try await Program.run(
                [Self.stranger, key, file.path], of: ["/usr/bin/env", "python3"])
        )
    }

    private static let stranger = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Strangers/verify_list.py").path

    @Test func `the list counts what is withheld, says until when, and stays provable`()
        async throws
    {
        let known = try await known()
        try await withhold(order(known.entries)).expect(204)
        try await gateway.sealEpoch()
        let answer = try await list(known.card)
        let shown = try ShownList([answer.body])
        // The marking is held back with what it marks.
        #expect(shown.events.count { $0.release != nil } == known.entries.count + 1)
        for entry in known.own { #expect(!answer.text.contains(entry)) }
        #expect(!answer.text.contains("withhold-entries"))
        #expect(!answer.text.contains("監査"))
        let checks = shown.check(with: gateway.sealKey)
        #expect(checks.areGood, "\(checks)")
        #expect(checks.contains { $0.sentence.contains("counted and withheld") })
        let (own, other) = try await verdicts(answer.body)
        #expect(own.status == 0, "\(own.output)")
        #expect(other.status == 0, "\(other.output)")
    }

    @Test func `what is hidden without a right, or changed, is found by both verifiers`()
        async throws
    {
        let known = try await known()
        try await withhold(order(known.entries)).expect(204)
        try await gateway.sealEpoch()
        let honest = try await list(known.card).text
        let forgeries = [
            honest.replacing(
                /"until","valueInstant":"20\d\d/, with: #""until","valueInstant":"2001"#),
            honest.replacing(
                /"leafHash","valueBase64Binary":"[^"]{8}/,
                with: #""leafHash","valueBase64Binary":"AAAAAAAA"#),
            honest.replacing(/"recorded":"[^"]*",/, with: "", maxReplacements: 1),
        ]
        for forged in forgeries {
            #expect(forged != honest)
            let (own, other) = try await verdicts(Array(forged.utf8))
            #expect(own.status != 0, "\(own.output)")
            #expect(other.status != 0, "\(other.output)")
        }
    }

    @Test func `after its release the resident reads it, and that it was held back`() async throws {
        let known = try await known()
        try await withhold(order(known.entries)).expect(204)
        // The owner alone, and only by switching the protection off, moves the time.
        try await gateway.sql { transaction in
            try transaction.script(
                """
                alter table log.withholding disable trigger withholding_unchanged;
                update log.withholding set marked_at = marked_at - interval '2 days',
                    release_at = clock_timestamp() - interval '1 second';
                alter table log.withholding enable trigger withholding_unchanged;
                """)
        }
        try await gateway.sealEpoch()
        let answer = try await list(known.card)
        for entry in known.own { #expect(answer.text.contains(entry)) }
        #expect(answer.text.contains("withhold-entries"))
        #expect(answer.text.contains("個人情報保護法78条1項7号ハ"))
        #expect(answer.text.contains(Cast.town.uri))
        let shown = try ShownList([answer.body])
        #expect(shown.events.allSatisfy { $0.release == nil })
        #expect(shown.check(with: gateway.sealKey).areGood)
        let (own, other) = try await verdicts(answer.body)
        #expect(own.status == 0 && other.status == 0, "\(own.output)\(other.output)")
    }

    /// The town decides an answer of the clinic again: its entry is of the same visit.
    @Test func `what an office holds back hides no notice of what another did`() async throws {
        let known = try await known()
        let visit = try await gateway.openVisit(known.card)
        let answer = try await gateway.check(visit).text("id")
        try await gateway.send(
            Cast.town, "GET", "/fhir/CoverageEligibilityResponse/\(answer)/$replay"
        ).expect(200)
        try await gateway.index()
        let found = try await gateway.searchLog(
            Cast.town,
            [("patient.identifier", "urn:tsunagi:municipality-identity-key|\(known.key)")])
        let replays = found.events.filter { $0.purpose == "replay-eligibility" }.map(\.id)
        try #require(replays.count == 1)
        let before = try await notices(known.card)
        #expect(before.contains(visit.id))
        try await withhold(order(replays)).expect(204)
        #expect(try await notices(known.card).contains(visit.id))
    }

    private func notices(_ card: SoftwareCard) async throws -> String {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [gateway.session(of: card)])
        try answer.expect(200)
        return answer.text
    }

    @Test func `an office holds back its own entries alone, once, and not beyond the law`()
        async throws
    {
        let known = try await known()
        let visit = try await gateway.allFound(Cast.town).last { $0.purpose == "open-visit" }
        let other = try #require(visit).id
        for (body, refusal) in [
            (order([other]), Refusal.recordUnknown),
            (order([known.entries[0], RecordID.random().text]), .recordUnknown),
            (order(known.entries, days: 367), .termTooLong),
            (order(known.entries, days: 0), .termTooLong),
        ] {
            try await gateway.expect(refusal, of: .withholdEntries, from: Cast.town) {
                try await withhold(body)
            }
        }
        for (body, refusal) in [
            (order([]), Refusal.missing("entries")), (order(["x"]), .malformed("entries")),
            (order(known.entries, ["reason": "secret"]), .malformed("reason")),
            (order(known.entries, ["reference": " "]), .malformed("reference")),
            (order(known.entries, ["releaseAt": "soon"]), .malformed("releaseAt")),
            (order(known.entries, ["more": "x"]), .unknownItem("more")),
        ] {
            try await gateway.expect(refusal, of: nil, from: Cast.town) { try await withhold(body) }
        }
        try await withhold(order(known.entries)).expect(204)
        try await gateway.expect(.alreadySettled, of: .withholdEntries, from: Cast.town) {
            try await withhold(order(known.entries, days: 40))
        }
        try await gateway.expect(.notYourPurpose, of: .withholdEntries, from: Cast.auditor) {
            try await withhold(order(known.entries), by: Cast.auditor)
        }
    }

    // MARK: Lifting

    private func lift(
        _ entries: [String], by party: Party = Cast.town, _ changes: [String: JSON] = [:]
    ) async throws -> TLSClient.Answer {
        var body = JSONObject([
            .init(name: "entries", value: .array(entries.map { .string($0) })),
            .init(name: "reference", value: "調査終結 令和8年第3号"),
        ])
        for (name, value) in changes { body = body.with(name, value) }
        return try await gateway.send(party, "POST", Self.path + "/lift", body: .object(body))
    }

    @Test func `an office lifts it before its time, and the resident reads all of it at once`()
        async throws
    {
        let known = try await known()
        try #require(known.entries.count > 1)
        try await withhold(order(known.entries)).expect(204)
        try await gateway.sealEpoch()
        let (first, rest) = (known.entries[0], Array(known.entries.dropFirst()))
        let entries = try await gateway.entries { try await lift([first]).expect(204) }
        #expect(entries.map(\.purpose) == ["withhold-entries"])
        #expect(entries.allSatisfy { $0.hasPerson && $0.basis?.hasPrefix("lifted ") == true })
        var text = try await list(known.card).text
        #expect(text.contains(known.own[0]))
        for entry in known.own.dropFirst() { #expect(!text.contains(entry)) }
        // The marking tells of the others: of the two that are about withholding only the lifting is shown.
        #expect(text.matches(of: /"code":"withhold-entries"/).count == 1)

        try await lift(rest).expect(204)
        try await gateway.sealEpoch()
        let answer = try await list(known.card)
        text = answer.text
        for entry in known.own { #expect(text.contains(entry)) }
        #expect(text.matches(of: /"code":"withhold-entries"/).count == 3)
        let shown = try ShownList([answer.body])
        #expect(shown.events.allSatisfy { $0.release == nil })
        let (own, other) = try await verdicts(answer.body)
        #expect(own.status == 0 && other.status == 0, "\(own.output)\(other.output)")
    }

    @Test func `only the office that withholds lifts, and once`() async throws {
        let known = try await known()
        try await gateway.expect(.recordUnknown, of: .withholdEntries, from: Cast.town) {
            try await lift(known.entries)
        }
        try await withhold(order(known.entries)).expect(204)
        for (entries, party, refusal) in [
            (known.entries, Cast.otherTown, Refusal.recordUnknown),
            ([known.entries[0], RecordID.random().text], Cast.town, .recordUnknown),
            (known.entries, Cast.auditor, .notYourPurpose),
            (known.entries, Cast.ombudsman, .notYourPurpose),
        ] {
            try await gateway.expect(refusal, of: .withholdEntries, from: party) {
                try await lift(entries, by: party)
            }
        }
        for (entries, changes, refusal) in [
            ([], [:], Refusal.missing("entries")), (["x"], [:], .malformed("entries")),
            (known.entries, ["reference": ""], .malformed("reference")),
            (
                known.entries, ["reference": "123456789018"],
                .individualNumberNotAllowed("reference")
            ),
            (known.entries, ["more": "x"], .unknownItem("more")),
        ] as [([String], [String: JSON], Refusal)] {
            try await gateway.expect(refusal, of: nil, from: Cast.town) {
                try await lift(entries, changes)
            }
        }
        // Of two at once one lifts.
        async let one = lift(known.entries)
        async let another = lift(known.entries)
        let answers = try await [one, another]
        #expect(answers.map(\.status).sorted() == [204, Refusal.alreadySettled.status])
        try await gateway.expect(.alreadySettled, of: .withholdEntries, from: Cast.town) {
            try await lift(known.entries)
        }
        // What was lifted is not withheld again.
        try await gateway.expect(.alreadySettled, of: .withholdEntries, from: Cast.town) {
            try await withhold(order(known.entries))
        }
    }

    // MARK: The ombudsman

    private func complaint(_ known: Known, _ changes: [String: JSON] = [:]) -> JSON {
        var complaint = JSONObject([
            .init(name: "complaint", value: .string("審-\(known.key)")),
            .init(name: "reason", value: "見覚えのない照会があるとの申出"),
            .init(name: "ground", value: "agreement"),
            .init(name: "groundReference", value: "同意書 2026-06-10"),
            .init(name: "municipality", value: .string(Cast.town.code)),
            .init(name: "municipalityIdentityKey", value: .string(known.key)),
        ])
        for (name, value) in changes { complaint = complaint.with(name, value) }
        return .object(complaint)
    }

    private func examine(_ body: JSON, by party: Party = Cast.ombudsman, query: String = "")
        async throws -> TLSClient.Answer
    {
        try await gateway.send(party, "POST", "/fhir/AuditEvent/$examine" + query, body: body)
    }

    @Test func `an ombudsman reads the whole list with its proof, and the resident is told once`()
        async throws
    {
        let known = try await known()
        try await withhold(order(known.entries)).expect(204)
        try await gateway.sealEpoch()
        var answers: [TLSClient.Answer] = []
        let entries = try await gateway.entries {
            answers.append(try await examine(complaint(known), query: "?_count=100"))
            answers.append(try await examine(complaint(known), query: "?_count=1&_offset=1"))
        }
        #expect(entries.map(\.purpose) == ["examine-complaint", "examine-complaint"])
        #expect(entries.allSatisfy { $0.hasPerson && $0.basis?.contains("同意書") == true })
        let whole = try #require(answers.first)
        try whole.expect(200)
        for entry in known.own { #expect(whole.text.contains(entry)) }
        #expect(try ShownList([whole.body]).check(with: gateway.sealKey).areGood)
        let notices = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [gateway.session(of: known.card)])
        let kinds = notices.text.matches(of: /"code":"complaint-examined"/)
        #expect(kinds.count == 1)
    }

    @Test func `without a ground, a key that is known, or the role, nothing is read`() async throws
    {
        let known = try await known()
        for (body, refusal) in [
            (complaint(known, ["ground": "curiosity"]), Refusal.malformed("ground")),
            (complaint(known, ["groundReference": ""]), .malformed("groundReference")),
            (complaint(known, ["municipality": "13"]), .malformed("municipality")),
            (complaint(known, ["reason": "123456789018"]), .individualNumberNotAllowed("reason")),
        ] {
            try await gateway.expect(refusal, of: nil, from: Cast.ombudsman) {
                try await examine(body)
            }
        }
        try await gateway.expect(.recordUnknown, of: .examineComplaint, from: Cast.ombudsman) {
            try await examine(complaint(known, ["municipalityIdentityKey": "nobody"]))
        }
        for party in [Cast.town, Cast.auditor] {
            try await gateway.expect(.notYourPurpose, of: .examineComplaint, from: party) {
                try await examine(complaint(known), by: party)
            }
        }
    }
}

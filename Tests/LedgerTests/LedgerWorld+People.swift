import Crypto
import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 架空の住民: known to the ledger by hashes alone, as everybody is.
struct Someone: Sendable, Hashable {
    let name: String
    var numberHash: HashChain { hashChain(sha256("number \(name)")) }
    var cardHash: HashChain { hashChain(sha256("card \(name)")) }
}

/// By the test's keys, of as many versions as there are hashes.
func hashChain(_ byVersion: [UInt8]..., checks: [[UInt8]] = keyChecks) -> HashChain {
    HashChain(byVersion, checks: Array(checks.prefix(byVersion.count)))
}

let keyChecks = [sha256("key check 1"), sha256("key check 2")]

/// One row as a municipality would send it.
struct SampleRow: Sendable {
    var type = "kodomo"
    var key = "h1"
    var birth = "2020-04-01"
    var name = "試験 花子"
    var kana = "シケン ハナコ"
    var sex = "2"
    var segment: String?
    var isNotDisclosed = false
    var payer = "88113014"
    var recipient = "1234566"
    var from = "2026-04-01"
    var to = "2027-03-31"
    var isDeleted = false
    /// 自己負担上限月額
    var cap: Int?
    var designated: String?
    /// Different numbers in one body are different people.
    var number = "123456789018"

    var json: String {
        let five = """
            {"name":"\(name)","nameKana":"\(kana)","address":"架空県見本市1-2-3",\
            "dateOfBirth":"\(birth)","sex":"\(sex)"}
            """
        let income = segment.map { #","incomeSegment":"\#($0)""# } ?? ""
        let limit = cap.map { #","maxCopaymentAmount":{"perMonth":\#($0)}"# } ?? ""
        let places = designated.map { #","designatedMedicalInstitutions":"\#($0)""# } ?? ""
        return """
            {"orgSpecificCertificateTypeId":"\(type)","myNumber":"\(number)","basicFiveInfo":\(five),\
            "isNotDisclosed":\(isNotDisclosed),"medicalSubsidyInsurerNumber":"\(payer)",\
            "certificationName":"見本受給者証",\
            "medicalSubsidyRecipientNumber":"\(recipient)"\(income)\(limit)\(places),\
            "isAlwaysReimbursement":"0",\
            "validFrom":"\(from)","validTo":"\(to)","historyKey":"\(key)","isDeleted":\(isDeleted),\
            "certificationDetail":[{"item":"備考","value":"見本"}]}
            """
    }
}

extension LedgerWorld {
    /// Numbers become hashes as at the gateway's door; here a row's number and the person make one.
    func register(
        _ rows: [SampleRow], of person: Someone, by body: Caller = LedgerWorld.koganei, key: String
    ) async throws -> RegistrationReport {
        let bytes = Array("[\(rows.map(\.json).joined(separator: ","))]".utf8)
        var accepted: [NumberedRow] = []
        var refused: [RowOutcome] = []
        for (index, row) in try readSubsidyRows(bytes, form: .difference).enumerated() {
            switch row {
            case .success(let row):
                let isFirst = rows[index].number == SampleRow().number
                let hash =
                    isFirst
                    ? person.numberHash
                    : hashChain(sha256("number \(person.name) \(rows[index].number)"))
                accepted.append(NumberedRow(numberHash: hash, row: row))
            case .failure(let failure):
                refused.append(
                    RowOutcome(line: index + 1, kind: .refused, findings: failure.findings))
            }
        }
        let request = RegistrationRequest(
            field: "medical-subsidy", idempotencyKey: key,
            bodyDigest: Array(SHA256.hash(data: bytes)), refused: refused, rowsTotal: rows.count)
        let rules = try ledger.rules.current()
        let receipt = try await patiently { [accepted] in
            try await ledger.access(body, .registerEntitlements) {
                try $0.registerEntitlements(request, accepted, rules: rules)
            }
        }
        return try await ledger.access(body, .readRegistration) {
            try $0.registrationReport(receipt.task)
        }
    }

    /// As a connector does: whoever is told to come back comes back.
    func patiently<R>(_ send: () async throws -> R) async throws -> R {
        for _ in 0..<24_000 {
            do { return try await send() } catch {
                guard LedgerError.refusal(for: error) == .overloaded else { throw error }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        return try await send()
    }

    /// A card for this person, who has lived in Koganei since 2020.
    static func arrival(
        of person: Someone
    ) throws -> (request: RegistrationRequest, events: [NumberedCardEvent]) {
        let term = Instant(seconds: 1_600_000_000)...Instant(seconds: 4_000_000_000)
        let events = [
            NumberedCardEvent(
                line: 1,
                change: .bind(
                    card: person.cardHash, numberHash: person.numberHash, valid: term,
                    supersedes: nil), findings: []),
            NumberedCardEvent(
                line: 2,
                change: .residence(
                    numberHash: person.numberHash, municipality: try LocalGovernmentCode("132101"),
                    from: try CalendarDay("2020-04-01")), findings: []),
        ]
        let request = RegistrationRequest(
            field: "cards", idempotencyKey: person.name, bodyDigest: sha256(person.name),
            refused: [], rowsTotal: events.count)
        return (request, events)
    }

    func welcome(_ person: Someone) async throws {
        let (request, events) = try Self.arrival(of: person)
        let rules = try ledger.rules.current()
        let receipt = try await ledger.access(Self.authority, .feedCards) {
            try $0.applyCardFeed(request, events, rules: rules)
        }
        try #require(receipt.counts[.applied] == 2)
    }

    static func visit(_ person: Someone, nonce: String) throws -> VerifiedVisit {
        VerifiedVisit(
            cardHash: person.cardHash, nonce: nonce, requestDigest: sha256(nonce),
            terms: ("outpatient", ["subsidy"]), cardValidTo: try CalendarDay("2030-03-31"),
            evidence: (text: [1], signature: [2], certificate: [3]))
    }

    func openVisit(
        _ person: Someone, nonce: String, by caller: Caller = LedgerWorld.clinic
    ) async throws -> OpenedVisit {
        try await openVisit(Self.visit(person, nonce: nonce), by: caller)
    }

    func openVisit(
        _ visit: VerifiedVisit, by caller: Caller = LedgerWorld.clinic,
        answer: @escaping @Sendable (OpenedVisit) throws -> [UInt8] = { _ in [] }
    ) async throws -> OpenedVisit {
        try await ledger.openVisit(
            caller, visit, end: { $0.adding(seconds: 3_600) },
            pairwise: { PairwiseIDs(current: "patient-\($0.low)") }, answer: answer
        ).visit
    }

    /// The check as the gateway makes it: the answer's id is its entry's.
    func check(
        _ visit: OpenedVisit, by caller: Caller = LedgerWorld.clinic, on day: CalendarDay
    ) async throws -> (id: RecordID, body: [UInt8]) {
        let rules = try ledger.rules.current().subsidy
        let question = EligibilityQuestion(
            institution: caller.party, serviceDate: day, visitID: visit.id.text,
            patientID: visit.patient)
        let seen = Seen()
        let answered = try await ledger.access(
            caller, .checkEligibility, visit: visit.id, on: day
        ) { records in
            let answer = answerEligibility(question, records.facts, rules)
            let id = records.entry.text
            seen.set(records.entry)
            return Answered(
                body: answer.render(
                    id: id, requestID: id, question: question, created: records.now, rules: rules),
                basis: EligibilityBasis(question, records.facts, rulesVersion: rules.version).text)
        }
        return (try #require(seen.value), answered.body)
    }

    func person(_ someone: Someone) async throws -> PersonKey {
        try await pool.transaction { transaction in
            let row = try transaction.query(
                Statement("select person from office.number_key where number_hash = $1"),
                [.bytes(someone.numberHash.byVersion[0])])[0]
            let id = try row.uuid(0)
            return PersonKey(high: id.high, low: id.low)
        }
    }
}

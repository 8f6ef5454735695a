import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 本人の記録: what a resident sees through a portal. Every question of theirs is on the record too, and
/// appears in the next list.
extension GatewayParts {
    /// 受給資格: `GET /fhir/Coverage`.
    func readOwnEntitlements(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        let page = asking.request.page()
        return try await own(asking) { records, person, patient in
            renderCoverages(
                try records.ownEntitlements(of: person), of: patient, rules: rules.subsidy,
                page: page)
        }
    }

    /// 受付と同意: `GET /fhir/Consent`.
    func readOwnVisits(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        let page = asking.request.page()
        return try await own(asking) { records, person, patient in
            let visits = try records.ownVisits(of: person, limit: PageLimits.visitsMax)
            let views = try visits.map { visit in
                ConsentView(
                    visitID: visit.id.text, patientID: patient, party: visit.party,
                    partyName: visit.partyName, visitKind: visit.kind,
                    consents: Set(try visit.consents.map { try ConsentKind($0) }),
                    opened: visit.term.opened, ends: visit.term.ends,
                    isEnded: !visit.term.isOpen(at: records.now),
                    isConfirmedLater: visit.isConfirmedLater)
            }
            return renderConsents(views, asked: records.now, rules: rules, page: page)
        }
    }

    /// お知らせ: `GET /fhir/Communication`.
    func readOwnNotices(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        let page = asking.request.page()
        let party = asking.caller.party
        return try await own(asking) { [self] records, person, patient in
            let notices = try records.ownNotices(
                of: person, limit: PageLimits.noticesMax, rules: rules
            ) { pairwise($0, part: $1, for: party) }
            return renderNotices(notices, to: patient, page: page)
        }
    }

    /// 受付の終了: `POST /visits/{id}/end`, effective with the next request of the institution.
    func endOwnVisit(_ asking: Asking) async throws -> Response {
        let token = try asking.residentToken()
        let visit = try asking.context.recordID()
        try await asking.access { records in
            let person = try records.resident(token)
            try records.endVisit(visit, of: person)
            records.enter(person, visit: visit)
        }
        return Response(status: .noContent)
    }

    /// だれが見たか: `GET /fhir/AuditEvent`, IHE BALP, each with its position and inclusion proof once it
    /// is sealed, and all with the proof of how many there are as of the last epoch.
    func readOwnAccessLog(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        let (offset, count) = try asking.request.range()
        let record = try asking.request.number("record") ?? 0
        let page = asking.request.page(record: record, offset: offset, count: count)
        let party = asking.caller.party
        return try await own(asking) { [self] records, person, patient in
            let log = try records.ownAccessLog(
                of: person, record: record, offset: offset, limit: count)
            return try log.rendered(
                of: patient, asOf: records.now, rules: rules, page: page(log.total, log.records)
            ) { pairwise($0, for: party).current }
        }
    }

    /// One reading of a resident's own, for which the resident's token stands.
    func own(
        _ asking: Asking,
        answering answer: (HTTPResponse.Status, [UInt8]) -> Response = Response.fhir,
        _ body: @escaping @Sendable (inout Records, PersonKey, String) throws -> [UInt8]
    ) async throws -> Response {
        let (_, bytes) = try await own(asking, as: \.self) { try body(&$0, $1, $2.current) }
        return answer(.ok, bytes)
    }

    /// The same, for what is answered with more than bytes; `body` is given every id by which the portal
    /// knows the record that stands for the resident.
    func own<Answer: Sendable>(
        _ asking: Asking, as bytes: @escaping @Sendable (Answer) -> [UInt8],
        _ body: @escaping @Sendable (inout Records, PersonKey, PairwiseIDs) throws -> Answer
    ) async throws -> (answer: Answer, bytes: [UInt8]) {
        let token = try asking.residentToken()
        let party = asking.caller.party
        return try await asking.answer(reading: .residentToken(hash: token.hash), as: bytes) {
            [self] records in
            let person = try records.resident(token)
            records.enter(person)
            return try body(&records, person, pairwise(person, for: party))
        }
    }
}

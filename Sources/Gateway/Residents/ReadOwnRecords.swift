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
        return try await own(asking) { records, person, patient in
            let notices = try records.ownNotices(
                of: person, limit: PageLimits.noticesMax, rules: rules)
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
        let page = asking.request.page(offset: offset, count: count)
        let party = asking.caller.party
        return try await own(asking) { [self] records, person, patient in
            let log = try records.ownAccessLog(of: person, offset: offset, limit: count)
            return try log.rendered(
                of: patient, asOf: records.now, rules: rules, page: page(log.total)
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
    /// knows the resident.
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

/// The longest lists of one answer.
enum PageLimits {
    /// A year of weekly visits.
    static let visitsMax = 60
    /// Paper visits are few in a life.
    static let noticesMax = 100
    /// Whoever shares more was not asking for help.
    static let delegationsMax = 100
    /// Blocks that stand come first.
    static let blocksMax = 200
    /// A year of three certificates.
    static let monthsMax = 36
    /// 100 entries with proofs of a tree of 2^30 leaves are about 350 kB.
    static let entriesMax = 100
    static let entriesDefault = 50
    /// A lifetime of a hundred entries a week is half a million.
    static let offsetMax = 1_000_000
    /// Declarations of a country in several years.
    static let disastersMax = 200
    /// Lines of a ledger, of 3 kB each: a day of a large city in a few answers.
    static let linesMax = 1_000
    static let linesDefault = 100
    /// Payments of a month come in one notice; 10,000 steps of 150 B are 1.5 MB.
    static let claimEventsMax = 10_000
}

extension Request {
    /// Where the list stands. The path is the route's own: nothing of the resident is in it.
    func page() -> SearchPage {
        SearchPage(base: base, selfLink: origin + uri.path)
    }

    /// `https://host:port`, as the caller reached this server: fullUrl and links are absolute
    /// (https://hl7.org/fhir/R4/bundle.html#bundle-unique), or clients do not follow them. A `Host` that is
    /// none is not repeated.
    var origin: String {
        let host = head.authority ?? ""
        let isHost = (1...255).contains(host.utf8.count) && host.utf8.allSatisfy(Self.isOfHost)
        return "https://" + (isHost ? host : "localhost")
    }

    /// The FHIR root of this route: the open one, or that of the sensitive compartment.
    var base: String {
        let roots = CheckupCompartment.allCases.map(\.basePath).filter {
            uri.path.hasPrefix($0 + "/")
        }
        return origin + (roots.max { $0.utf8.count < $1.utf8.count } ?? "/fhir")
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets; and a port.
    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }

    /// `_offset` and `_count`: numbers, nothing about anyone.
    func range() throws -> (offset: Int, count: Int) {
        let count = try number("_count") ?? PageLimits.entriesDefault
        let offset = try number("_offset") ?? 0
        guard (1...PageLimits.entriesMax).contains(count) else { throw Refusal.malformed("_count") }
        guard offset <= PageLimits.offsetMax else { throw Refusal.malformed("_offset") }
        return (offset, count)
    }

    /// `narrowed`: what else of the query says which list it is, each with `&` behind it.
    func page(
        _ narrowed: String = "", offset: Int, count: Int
    ) -> @Sendable (_ total: Int) -> SearchPage {
        let (base, list) = (base, "\(origin)\(uri.path)?\(narrowed)")
        return { total in
            let next = offset + count
            return SearchPage(
                base: base, selfLink: "\(list)_offset=\(offset)&_count=\(count)",
                nextLink: next < total ? "\(list)_offset=\(next)&_count=\(count)" : nil,
                total: total)
        }
    }

    /// A parameter of the query, which says nothing of anyone.
    func text(_ name: String) -> String? {
        uri.queryParameters[Substring(name)].map { String($0) }
    }

    func number(_ name: String) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), number >= 0 else { throw Refusal.malformed(name) }
        return number
    }
}

package import Exchange
import Ledger
import Postgres
import Synchronization
package import Trust

/// Requests as the parties make them. Every answer is counted, so that `checkLedger` can hold it
/// against the log.
extension RunningGateway {
    package typealias Answer = TLSClient.Answer

    /// Over the party's kept connection.
    @discardableResult
    package func send(
        _ party: Party, _ method: String, _ path: String, headers: [(String, String)] = [],
        body: JSON? = nil
    ) async throws -> Answer {
        try await send(
            try await client(of: party), method, path, headers: headers,
            bytes: body.map { Array($0.text.utf8) })
    }

    @discardableResult
    package func send(
        _ client: TLSClient, _ method: String, _ path: String, headers: [(String, String)] = [],
        bytes: [UInt8]? = nil
    ) async throws -> Answer {
        var headers = headers
        if bytes != nil, !headers.contains(where: { $0.0 == "Content-Type" }) {
            headers.append(("Content-Type", "application/json"))
        }
        let answer = try await client.send(method, path, headers: headers, body: bytes ?? [])
        tally.withLock { $0.count(method, path, answer) }
        if let hear = listening.withLock({ $0 }), let listener = listener(of: client) {
            hear(Heard(listener: listener, method: method, path: path, answer: answer))
        }
        return answer
    }

    /// One answer as it came off the wire, and what it answers.
    package struct Heard: Sendable {
        package let listener: Listener
        package let method: String
        package let path: String
        package let answer: Answer
    }

    /// From now on `hear` is told of every answer, in the task that asked.
    package func listen(_ hear: @escaping @Sendable (Heard) -> Void) {
        listening.withLock { $0 = hear }
    }

    /// A new connection of its own.
    package func connect(
        _ party: Party, to listener: Listener? = nil, credentials: TLSClient.Credentials? = nil
    ) async throws -> TLSClient {
        try await TLSClient(
            port: port(listener ?? party.listener),
            credentials: credentials ?? pki.credentials(of: party))
    }

    private func client(of party: Party) async throws -> TLSClient {
        if let open = clients.withLock({ $0[party] }), open.isOpen { return open }
        let client = try await connect(party)
        clients.withLock { $0[party] = client }
        return client
    }

    // MARK: Offices

    /// The card authority's events, which must all be taken.
    package func feed(_ events: [JSON]) async throws {
        let answer = try await send(
            Cast.authority, "POST", "/card-feed/events", body: .array(events))
        try answer.expect(202)
        guard answer.int("refused") == 0 else { throw Unexpected(answer) }
    }

    package func register(
        _ rows: [JSON], by body: Party = Cast.town, key: String? = nil,
        form: String = "history-registration-tasks"
    ) async throws -> Answer {
        let headers = key.map { [("Idempotency-Key", $0)] } ?? []
        return try await send(
            body, "POST", "/medical-subsidy/\(form)", headers: headers, body: .array(rows))
    }

    /// Registers rows that must all be taken.
    package func hold(_ rows: [JSON], by body: Party = Cast.town) async throws {
        let answer = try await register(rows, by: body)
        try answer.expect(202)
        guard answer.int("applied") == rows.count else { throw Unexpected(answer) }
    }

    /// A body answers once it has registered anything.
    func connectBodies() async throws {
        let today = clock.today
        for body in [Cast.town, Cast.prefecture, Cast.otherTown, Cast.otherPrefecture] {
            let isTown = body.role == .municipality
            let row = people.next().row(
                isTown ? "kodomo" : "nanbyo", today, today,
                isTown ? [:] : ["incomeSegment": "D", "medicalSubsidyInsurerNumber": "54136015"])
            try await hold([row], by: body)
        }
    }

    /// A resident who lives in `body` and has a card.
    package func settle(
        in body: Party? = Cast.town, algorithm: SoftwareCard.Algorithm = .p384,
        cardDays: Int64 = 1_800
    ) async throws -> (resident: TestResident, card: SoftwareCard) {
        let resident = people.next()
        let card = try card(algorithm, days: cardDays)
        var events = [resident.binding(card)]
        if let body {
            events.append(resident.residence(body.code, from: clock.today.adding(days: -1000)))
        }
        try await feed(events)
        return (resident, card)
    }

    package func card(
        _ algorithm: SoftwareCard.Algorithm = .p384, days: Int64 = 1_800, serial: [UInt8]? = nil
    ) throws -> SoftwareCard {
        let now = clock.now()
        let from = min(now, now.adding(seconds: days * 86_400)).adding(seconds: -86_400)
        return try TestPeople.card(
            pki, algorithm, from: from, to: now.adding(seconds: days * 86_400), serial: serial)
    }

    // MARK: Institutions

    package struct Visit: Sendable {
        package let id: String
        package let patient: String

        package init(id: String, patient: String) {
            self.id = id
            self.patient = patient
        }

        package init(_ answer: Answer) {
            self.init(id: answer.text("visit"), patient: answer.text("patient"))
        }
    }

    package func nonce(_ path: String, _ party: Party) async throws -> (
        text: String, day: CalendarDay
    ) {
        let answer = try await send(party, "POST", path)
        try answer.expect(201)
        return (answer.text("nonce"), try CalendarDay(answer.text("day")))
    }

    /// The body of `POST /visits`, signed by the card.
    package func visitBody(
        _ card: SoftwareCard, at institution: Party = Cast.clinic, consents: [String] = ["subsidy"],
        kind: String = "outpatient"
    ) async throws -> JSONObject {
        let (nonce, day) = try await nonce("/visits/nonces", institution)
        let text = SignedText.visit(
            nonce: nonce, party: institution, consentKinds: consents, visitKind: kind, day: day)
        return JSONObject([
            .init(name: "nonce", value: .string(nonce)),
            .init(name: "day", value: .string(day.text)),
            .init(name: "kind", value: .string(kind)),
            .init(name: "consents", value: .array(consents.map { .string($0) })),
            .init(name: "certificate", value: .string(Base64.text(card.certificateDER))),
            .init(name: "signature", value: .string(Base64.text(try card.sign(text)))),
        ])
    }

    package func openVisit(
        _ card: SoftwareCard, at institution: Party = Cast.clinic, consents: [String] = ["subsidy"],
        kind: String = "outpatient"
    ) async throws -> Visit {
        let body = try await visitBody(card, at: institution, consents: consents, kind: kind)
        let answer = try await send(institution, "POST", "/visits", body: .object(body))
        try answer.expect(201)
        return Visit(answer)
    }

    package func checkBody(_ visit: Visit, day: CalendarDay? = nil) -> JSONObject {
        let text = """
            {"resourceType":"CoverageEligibilityRequest","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit",\
            "valueString":"\(visit.id)"}],"status":"active","purpose":["validation"],\
            "patient":{"reference":"\(visit.patient)"},"servicedDate":"\((day ?? clock.today).text)",\
            "created":"\(clock.today.text)","insurer":{"reference":"Organization/tsunagi"}}
            """
        return (try? JSON(reading: text))?.object ?? JSONObject()
    }

    package func check(
        _ visit: Visit, day: CalendarDay? = nil, by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            institution, "POST", Self.checkPath, body: .object(checkBody(visit, day: day)))
    }

    package static let checkPath = "/fhir/CoverageEligibilityRequest/$submit"

    package func openPaperVisit(
        _ paper: (payer: String, recipient: String, born: String),
        at institution: Party = Cast.paperClinic
    ) async throws -> Answer {
        try await send(
            institution, "POST", "/visits/paper",
            body: .object(
                JSONObject([
                    .init(name: "payerNumber", value: .string(paper.payer)),
                    .init(name: "recipientNumber", value: .string(paper.recipient)),
                    .init(name: "birthDate", value: .string(paper.born)),
                ])))
    }

    // MARK: Residents

    package func tokenBody(_ card: SoftwareCard, at portal: Party = Cast.portal) async throws
        -> JSONObject
    {
        let (nonce, day) = try await nonce("/tokens/nonces", portal)
        let text = SignedText.residentToken(nonce: nonce, party: portal, day: day)
        return JSONObject([
            .init(name: "nonce", value: .string(nonce)),
            .init(name: "day", value: .string(day.text)),
            .init(name: "certificate", value: .string(Base64.text(card.certificateDER))),
            .init(name: "signature", value: .string(Base64.text(try card.sign(text)))),
        ])
    }

    /// The header of a resident's session.
    package func session(
        of card: SoftwareCard, at portal: Party = Cast.portal
    ) async throws -> (String, String) {
        let body = try await tokenBody(card, at: portal)
        let answer = try await send(portal, "POST", "/tokens", body: .object(body))
        try answer.expect(201)
        return ("Authorization", "Bearer \(answer.text("access_token"))")
    }
}

extension TestResident {
    /// カードの結び付き.
    package func binding(_ card: SoftwareCard, supersedes: SoftwareCard? = nil) -> JSON {
        var members: [JSONObject.Member] = [
            .init(name: "kind", value: "bind"), .init(name: "myNumber", value: .string(number)),
        ]
        members += Self.certificate(card)
        members += [
            .init(name: "validFrom", value: .string(card.notBefore.text)),
            .init(name: "validTo", value: .string(card.notAfter.text)),
            .init(name: "sequence", value: .string(RecordID.random().text)),
        ]
        if let supersedes {
            members.append(
                .init(name: "supersedes", value: .object(.init(Self.certificate(supersedes)))))
        }
        return .object(JSONObject(members))
    }

    package func residence(_ municipality: String?, from day: CalendarDay) -> JSON {
        .object(
            JSONObject([
                .init(name: "kind", value: "residence"),
                .init(name: "myNumber", value: .string(number)),
                .init(name: "municipality", value: municipality.map { .string($0) } ?? .null),
                .init(name: "from", value: .string(day.text)),
                .init(name: "sequence", value: .string(RecordID.random().text)),
            ]))
    }

    package static func revocation(of card: SoftwareCard) -> JSON {
        .object(
            JSONObject(
                [.init(name: "kind", value: "revoke")] + certificate(card) + [
                    .init(name: "sequence", value: .string(RecordID.random().text))
                ]))
    }

    private static func certificate(_ card: SoftwareCard) -> [JSONObject.Member] {
        [
            .init(name: "issuer", value: .string(Base64.text(card.issuerDER))),
            .init(name: "serial", value: .string(Hexadecimal.text(card.serial))),
        ]
    }

    /// One row of PMH's registration, difference form; `changes` replaces items, or takes them out with
    /// `nil`.
    package func row(
        _ type: String = "kodomo", _ validFrom: CalendarDay, _ validTo: CalendarDay,
        historyKey: String = "1",
        _ changes: [String: JSON?] = [:]
    ) -> JSON {
        let five = JSONObject([
            .init(name: "name", value: .string(name)),
            .init(name: "nameKana", value: .string(nameKana)),
            .init(name: "address", value: "東京都小金井市見本町1-1"),
            .init(name: "dateOfBirth", value: .string(dateOfBirth)),
            .init(name: "sex", value: .string(sex)),
        ])
        var row = JSONObject([
            .init(name: "orgSpecificCertificateTypeId", value: .string(type)),
            .init(name: "myNumber", value: .string(number)),
            .init(name: "basicFiveInfo", value: .object(five)),
            .init(name: "isNotDisclosed", value: .bool(false)),
            .init(name: "medicalSubsidyInsurerNumber", value: .string(Self.payerNumber)),
            .init(name: "certificationName", value: "見本医療費受給者証"),
            .init(name: "medicalSubsidyRecipientNumber", value: .string("R-00\(index)")),
            .init(name: "isAlwaysReimbursement", value: "0"),
            .init(name: "validFrom", value: .string(validFrom.text)),
            .init(name: "validTo", value: .string(validTo.text)),
            .init(name: "certificationDetail", value: .array([])),
            .init(name: "historyKey", value: .string(historyKey)),
            .init(name: "isDeleted", value: .bool(false)),
        ])
        for (item, value) in changes { row = value.map { row.with(item, $0) } ?? row.without(item) }
        return .object(row)
    }

    package static let payerNumber = "88131016"
}

extension JSON: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self = .string(text)
    }
}

extension JSONObject {
    /// The same object with this item replaced, or added at its end.
    package func with(_ name: String, _ value: JSON) -> JSONObject {
        guard self[name] != nil else {
            return JSONObject(members + [.init(name: name, value: value)])
        }
        return JSONObject(members.map { $0.name == name ? .init(name: name, value: value) : $0 })
    }
}

/// An answer that a helper could not go on from.
package struct Unexpected: Error, CustomStringConvertible {
    package let description: String

    init(_ answer: TLSClient.Answer, _ more: String = "") {
        description = "\(answer.status): \(answer.text) \(more)"
    }
}

extension TLSClient.Answer {
    /// A resource inside another answer, to be read as one itself.
    package init(_ resource: JSONObject) {
        self.init(status: 200, headers: [], body: Array(JSON.object(resource).text.utf8))
    }

    package var json: JSONObject { (try? JSON(reading: body))?.object ?? JSONObject() }

    package func text(_ name: String) -> String { json[name]?.string ?? "" }
    package func int(_ name: String) -> Int? { json[name]?.int }

    package func expect(_ status: Int) throws {
        guard self.status == status else { throw Unexpected(self) }
    }

    /// The refusal's code, in whichever of the two forms it came.
    package var code: String? {
        if let code = json["code"]?.string { return code }
        let issue = json["issue"]?.array?.first?.object
        return issue?["details"]?.object?["coding"]?.array?.first?.object?["code"]?.string
    }

    /// `code` of every outcome of a check, in order.
    package var outcomes: [String] { coded("eligibility-outcome") }
    package var warnings: [String] { coded("eligibility-warning") }

    private func coded(_ name: String) -> [String] {
        parts(name).compactMap { $0["code"]?.object?["code"]?.string }
    }

    /// Every extension whose URL ends in `name`, as its parts by their URL.
    package func parts(_ name: String) -> [[String: JSON]] {
        (json["extension"]?.array ?? []).compactMap { entry in
            guard let entry = entry.object, entry["url"]?.string?.hasSuffix(name) == true else {
                return nil
            }
            var parts: [String: JSON] = [:]
            for part in entry["extension"]?.array ?? [] {
                guard let part = part.object, let url = part["url"]?.string else { continue }
                parts[url] = part.members.first { $0.name != "url" }?.value
            }
            return parts
        }
    }

    /// Path and query of the next page; whoever follows it has the connection already.
    package var next: String? {
        let links = (json["link"]?.array ?? []).compactMap(\.object)
        let url = links.first { $0["relation"]?.string == "next" }?["url"]?.string
        return url.map { String($0.dropFirst("https://".count).drop { $0 != "/" }) }
    }

    package var entries: [JSONObject] {
        (json["entry"]?.array ?? []).compactMap { $0.object?["resource"]?.object }
    }
}

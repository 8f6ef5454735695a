package import Exchange
package import Trust

/// 代理: guardianships as a municipality registers them, and tokens to act for others.
extension RunningGateway {
    package static let guardianshipPath = "/guardianship/registration-tasks"

    /// A resident of so many years whom the town has registered, with a card.
    package func settle(
        years: Int, isNotDisclosed: Bool = false, in town: Party = Cast.town
    ) async throws -> (resident: TestResident, card: SoftwareCard) {
        var (resident, card) = try await settle(in: town)
        let today = clock.today
        resident.dateOfBirth = today.adding(days: -1).anniversary(months: -12 * years).text
        try await hold(
            [
                resident.row(
                    "kodomo", today.adding(days: -10), today.adding(days: 300),
                    isNotDisclosed ? ["isNotDisclosed": .bool(true)] : [:])
            ], by: town)
        return (resident, card)
    }

    package func guardianship(
        of child: TestResident, by guardian: TestResident, kind: String = "2",
        from: CalendarDay? = nil, to: CalendarDay? = nil, isCustodyLost: Bool = false,
        isCustodyRestored: Bool = false
    ) -> JSON {
        func person(_ resident: TestResident) -> JSON {
            .object(JSONObject([.init(name: "myNumber", value: .string(resident.number))]))
        }
        var row = JSONObject([
            .init(name: "modificationSeg", value: "1"),
            .init(name: "child", value: person(child)),
            .init(name: "guardian", value: person(guardian)),
            .init(name: "guardianKind", value: .string(kind)),
            .init(
                name: "validFrom", value: .string((from ?? clock.today.adding(days: -500)).text)),
            .init(name: "isCustodyLost", value: .bool(isCustodyLost)),
        ])
        if isCustodyRestored { row = row.with("isCustodyRestored", .bool(true)) }
        if let to { row = row.with("validTo", .string(to.text)) }
        return .object(row)
    }

    /// Registers rows that must all be taken.
    package func registerGuardianships(_ rows: [JSON], by town: Party = Cast.town) async throws {
        let answer = try await send(town, "POST", Self.guardianshipPath, body: .array(rows))
        try answer.expect(202)
        guard answer.int("applied") == rows.count else { throw Unexpected(answer) }
    }

    /// For whom the session's holder may act.
    package func represented(_ token: Header, at portal: Party = Cast.portal) async throws
        -> [JSONObject]
    {
        let answer = try await send(portal, "GET", "/represented", headers: [token])
        try answer.expect(200)
        let list = (answer.json["represented"]?.array ?? []).compactMap(\.object)
        expectMoreEntries(list.count)
        return list
    }

    package func beginActing(
        for resident: String, _ token: Header, at portal: Party = Cast.portal
    ) async throws -> Answer {
        try await send(
            portal, "POST", "/tokens/acting", headers: [token],
            body: .object(JSONObject([.init(name: "resident", value: .string(resident))])))
    }

    /// The header by which the holder of `token` acts for the only one they represent.
    package func acting(_ token: Header) async throws -> Header {
        let list = try await represented(token)
        guard list.count == 1, let resident = list[0]["resident"]?.string else {
            throw TLSClient.Gone(description: "\(list.count) are represented")
        }
        let answer = try await beginActing(for: resident, token)
        try answer.expect(201)
        return ("Authorization", "Bearer \(answer.text("access_token"))")
    }

    /// Lets whoever takes the code act in these kinds.
    package func delegate(_ kinds: [String], _ token: Header, days: Int = 30) async throws -> Answer
    {
        try await send(
            Cast.portal, "POST", "/delegations", headers: [token],
            body: .object(
                JSONObject([
                    .init(name: "kinds", value: .array(kinds.map { .string($0) })),
                    .init(
                        name: "validTo", value: .string(clock.today.adding(days: days).text)),
                ])))
    }

    package func accept(_ code: String, _ token: Header) async throws -> Answer {
        try await send(
            Cast.portal, "POST", "/delegations/accept", headers: [token],
            body: .object(JSONObject([.init(name: "code", value: .string(code))])))
    }
}

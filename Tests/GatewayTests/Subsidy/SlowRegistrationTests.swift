import Exchange
import TestSupport
import Testing

/// 遅い登録: offices whose registrations are slow to come are in nobody's way but their own.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SlowRegistrationTests {
    static let path = "/medical-subsidy/history-registration-tasks"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// As long as a registration that is one of few.
    private func large(_ resident: TestResident) -> [UInt8] {
        let today = gateway.clock.today
        let row = resident.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        return Array((JSON.array([row]).text + String(repeating: " ", count: 300_000)).utf8)
    }

    @Test func `two large registrations that do not come keep no third one waiting`() async throws {
        var slow: [RawClient] = []
        for town in [Cast.town, Cast.otherTown] {
            let client = try await RawClient(
                port: gateway.port(.office), credentials: gateway.pki.credentials(of: town))
            try await client.write(
                """
                POST \(Self.path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                Content-Length: 300000\r\n\r\n[
                """)
            slow.append(client)
            // Its own next one is told to come back as soon as this one is known.
            var status = 0
            for _ in 0..<200 where status != 503 {
                status = try await gateway.send(
                    gateway.connect(town), "POST", Self.path, bytes: large(gateway.people.next())
                ).status
            }
            #expect(status == 503)
        }
        let third = try await gateway.send(
            gateway.connect(Cast.prefecture), "POST", Self.path,
            bytes: large(gateway.people.next()))
        #expect(third.status == 202, "\(third.text)")
        for client in slow { try await client.closeOutput(.proper) }
    }
}

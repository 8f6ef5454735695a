import Exchange
import Postgres
import TestSupport

/// What an office reads of `POST /fhir/AuditEvent/_search`, by the words of the resources alone.
struct FoundPage {
    static let path = "/fhir/AuditEvent/_search"

    let events: [FoundEvent]
    /// Where the next page is asked for, by the same fields.
    let next: String?

    init(_ answer: TLSClient.Answer) {
        events = answer.entries.map { FoundEvent($0) }
        let link = (answer.json["link"]?.array ?? []).compactMap(\.object)
            .first { $0["relation"]?.string == "next" }?["url"]?.string
        next = link.flatMap { $0.split(separator: "?").last }.map { "\(Self.path)?\($0)" }
    }
}

struct FoundEvent {
    let id: String
    let purpose: String
    let outcome: String
    let party: String
    let patient: String?
    let visit: String?
    let position: Int?
    let day: CalendarDay?
    let text: String

    init(_ event: JSONObject) {
        id = event["id"]?.string ?? ""
        let coding = event["purposeOfEvent"]?.array?.first?.object?["coding"]?.array?.first
        purpose = coding?.object?["code"]?.string ?? ""
        outcome = event["outcome"]?.string ?? ""
        party =
            event["agent"]?.array?.first?.object?["network"]?.object?["address"]?.string ?? ""
        let what = (event["entity"]?.array ?? []).compactMap { $0.object?["what"]?.object }
        patient = what.lazy.compactMap { $0["reference"]?.string }
            .first { $0.hasPrefix("Patient/") }
        visit = what.lazy.compactMap { $0["identifier"]?.object?["value"]?.string }.first
        let parts = event["extension"]?.array?.first?.object?["extension"]?.array ?? []
        position = parts.lazy.compactMap(\.object)
            .first { $0["url"]?.string == "position" }?["valueString"]?.string.flatMap { Int($0) }
        day = event["recorded"]?.string.flatMap { try? Instant($0, item: "recorded").dayInJapan }
        text = JSON.object(event).text
    }
}

extension RunningGateway {
    /// What stands at these positions, by the ids of the log itself.
    func entries(at positions: [Int]) async throws -> [String] {
        try await sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select entry::text from log.position where position = any ($1) order by position
                    """), [.ints(positions)]
            ).map { try $0.text(0) }
        }
    }

    /// A page of a search, with the entries that it made counted.
    func searchLog(
        _ party: Party, _ fields: [(String, String)], at path: String = FoundPage.path
    ) async throws -> FoundPage {
        let answer = try await search(party, path, fields)
        try answer.expect(200)
        let page = FoundPage(answer)
        let shown = Set(page.events.compactMap(\.patient)).count
        expectMoreEntries(max(shown, 1) - 1)
        return page
    }

    /// Every page of a search.
    func allFound(_ party: Party, _ fields: [(String, String)] = []) async throws -> [FoundEvent] {
        var events: [FoundEvent] = []
        var next: String? = FoundPage.path
        while let path = next {
            let page = try await searchLog(party, fields + [("_count", "100")], at: path)
            events += page.events
            next = page.next
        }
        return events
    }
}

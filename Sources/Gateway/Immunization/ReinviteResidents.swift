import Exchange
import Hummingbird
import Ledger

/// 未接種者と再勧奨: who of those invited has not come, and the municipality's reminders to them.
extension GatewayParts {
    /// `GET /immunization/unvaccinated?programme=…`, of one school year of birth (`cohort`) and of those
    /// whose window is over (`over`) where that is asked; as CSV for the next letter too.
    func listUnvaccinated(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let request = asking.request
        guard let code = request.text("programme") else { throw Refusal.missing("programme") }
        let programme = try rules.programme(code, item: "programme")
        let query = UnvaccinatedQuery(
            programme: programme, rules, book.maternal,
            cohort: try request.text("cohort").map { try BirthCohort($0) },
            isOver: try request.flag("over"))
        let after = try request.number("after") ?? 0
        let count = try request.lineCount("count")
        let characters = try request.tableCharacters()
        let today = now().dayInJapan
        let (answer, bytes) = try await asking.answer(as: { $0.bytes }) {
            records -> (next: Int?, bytes: [UInt8]) in
            let (targets, next) = try records.unvaccinated(query, after: after, limit: count)
            let list = UnvaccinatedList(targets, of: programme, today: today)
            return (next, characters.map { list.csv($0) } ?? list.json(next: next))
        }
        guard let characters else { return .json(.ok, bytes) }
        return .table(
            bytes, characters.encoding,
            next: answer.next.map { request.unvaccinated(after: $0) })
    }

    /// `POST /immunization/reminders`: each of them finds a notice.
    func remindOfVaccination(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let (_, object) = try await asking.request.json(atMost: BodyLimits.checkupBytesMax)
        let reminding = try Reminding(
            object, items: (subject: "programme", keys: "municipalityIdentityKeys"))
        let programme = try rules.programme(reminding.subject, item: "programme")
        let query = UnvaccinatedQuery(
            programme: programme, rules, book.maternal)
        let season = rules.campaign(
            of: programme.code, on: now().dayInJapan, in: asking.caller.party.code)
        let (_, bytes) = try await asking.answer(as: \.rendered) { records in
            try records.remind(reminding, query, of: season?.code ?? programme.code)
        }
        return .json(.ok, bytes)
    }
}

extension ImmunizationRules {
    fileprivate func programme(_ code: String, item: String) throws(Refusal) -> Programme {
        guard let programme = programme(code) else { throw .malformed(item) }
        return programme
    }
}

extension Request {
    /// The same question, further on; of what was asked only what was understood.
    fileprivate func unvaccinated(after place: Int) -> String {
        let asked = ["programme", "cohort", "over", "count", "encoding"].compactMap { name in
            text(name).map { "\(name)=\($0)" }
        }
        return uri.path + "?" + (asked + ["after=\(place)"]).joined(separator: "&")
    }

    fileprivate func flag(_ name: String) throws -> Bool? {
        switch text(name) {
        case nil: nil
        case "true": true
        case "false": false
        default: throw Refusal.malformed(name)
        }
    }
}

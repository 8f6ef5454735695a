package import Exchange

/// 白紙の用紙: printed, filled in by hand, and typed off at the counter.
extension RunningGateway {
    package static let paperFormPath = "/paper-forms"

    package func orderPaperForms(
        _ vaccine: String, _ count: Int = 1, by party: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            party, "POST", Self.paperFormPath,
            body: JSON(
                reading: #"{"questionnaire":""# + Self.canonical(vaccine)
                    + #"","count":\#(count)}"#))
    }

    /// The numbers of new sheets, as they stand on them.
    package func printPaperForms(
        _ vaccine: String, _ count: Int = 1, by party: Party = Cast.clinic
    ) async throws -> [String] {
        let answer = try await orderPaperForms(vaccine, count, by: party)
        try answer.expect(200)
        return Self.paperNumbers(answer.text)
    }

    package static func paperNumbers(_ page: String) -> [String] {
        page.matches(of: /class="number">([A-Z-]{19})</).map { String($0.1) }
    }

    /// What somebody types off a sheet, with `answers`' own rules.
    package func brought(
        _ number: String, to vaccine: String, in visit: Visit, status: String = "completed",
        yes: [String: String] = [:], authored: CalendarDay? = nil, form: String? = nil
    ) async throws -> JSON {
        let answers = try await answers(
            to: vaccine, visit.patient, status: status, yes: yes, form: form)
        let rest = answers.text.dropFirst()
        let day = authored.map { #""authored":"\#($0.text)","# } ?? ""
        return try JSON(
            reading: #"{"extension":[{"url":"urn:tsunagi:StructureDefinition:visit","#
                + #""valueString":"\#(visit.id)"}],"identifier":{"system":"#
                + #""urn:tsunagi:paper-form","value":"\#(number)"},\#(day)\#(rest)"#)
    }

    private static func canonical(_ vaccine: String) -> String {
        "urn:tsunagi:Questionnaire:screening-child-\(vaccine)|1"
    }
}

package import Exchange

/// What an eligibility answer was decided from, as the entry keeps it: the question and the
/// versions of every row that was read, found useful or not. From these alone the same bytes can be
/// made again.
package struct EligibilityBasis: Sendable {
    package let serviceDate: CalendarDay
    package let purposes: [EligibilityQuestion.Purpose]
    /// The version of deciding and writing that made the bytes (`EligibilityAnswer.form`).
    package let form: Int
    package let rulesVersion: String
    package let decidedAt: Instant
    package let entitlements: [Int]
    package let residences: [Int]
    package let bodies: [BodyStanding]
    package let designations: Set<Designation>
    /// 上限到達 in the month of the service date.
    package let reached: Set<CapMonth>
    /// What stood of the visit's consents, where the resident had taken some back.
    package let consents: Set<ConsentKind>?

    package init(_ question: EligibilityQuestion, _ facts: EligibilityFacts, rulesVersion: String) {
        serviceDate = question.serviceDate
        purposes = question.purposes
        form = EligibilityAnswer.form
        self.rulesVersion = rulesVersion
        decidedAt = facts.decidedAt
        entitlements = facts.entitlements.map(\.version)
        residences = facts.residences.map(\.version)
        bodies = facts.bodies
        designations = facts.designations
        let month = ServiceMonth(of: question.serviceDate)
        reached = facts.reached.filter { $0.month == month }
        consents = facts.visit.isNarrowed ? facts.visit.consents : nil
    }

    package var text: String {
        var writer = JSONWriter(reservingBytes: 256)
        writer.beginObject()
        writer.member("day", serviceDate.text)
        writer.name("for")
        writer.beginArray()
        for purpose in purposes { writer.string(purpose.rawValue) }
        writer.endArray()
        writer.member("form", form)
        writer.member("rules", rulesVersion)
        writer.member("at", Int(decidedAt.microseconds))
        write("entitlements", entitlements, &writer)
        write("residences", residences, &writer)
        writer.name("bodies")
        writer.beginArray()
        for body in bodies {
            writer.beginObject()
            writer.member("body", body.body)
            writer.member("since", body.connectedSince?.text)
            writer.member("asOf", body.asOf.map { Int($0.microseconds) })
            writer.endObject()
        }
        writer.endArray()
        writer.name("designations")
        writer.beginArray()
        for text in designations.map(\.text).sorted() { writer.string(text) }
        writer.endArray()
        writeReached(&writer)
        if let consents {
            writer.name("consents")
            writer.beginArray()
            for kind in consents.sorted() { writer.string(kind.code) }
            writer.endArray()
        }
        writer.endObject()
        return writer.text
    }

    /// Absent where there is none, as in every basis from before there were caps.
    private func writeReached(_ writer: inout JSONWriter) {
        guard !reached.isEmpty else { return }
        writer.name("reached")
        writer.beginArray()
        for certificate in reached.map(\.certificate).sorted(by: HeldCertificate.isBefore) {
            writer.beginObject()
            writer.member("body", certificate.body)
            writer.member("type", certificate.typeID)
            writer.member("subKey", certificate.subKey)
            writer.endObject()
        }
        writer.endArray()
    }

    private func write(_ name: String, _ numbers: [Int], _ writer: inout JSONWriter) {
        writer.name(name)
        writer.beginArray()
        for number in numbers { writer.int(number) }
        writer.endArray()
    }

    /// Reads what `text` wrote; throws `.malformed` for anything else.
    init(_ text: String) throws {
        let object = try JSON(reading: Array(text.utf8)).requireObject()
        serviceDate = try CalendarDay(try object.requiredString("day"))
        purposes = try object.requiredArray("for").compactMap {
            EligibilityQuestion.Purpose(rawValue: try $0.requireString())
        }
        form = try object.requiredInt("form")
        rulesVersion = try object.requiredString("rules")
        decidedAt = Instant(microseconds: Int64(try object.requiredInt("at")))
        entitlements = try object.requiredArray("entitlements").map { try $0.requireInt() }
        residences = try object.requiredArray("residences").map { try $0.requireInt() }
        designations = Set(
            try object.requiredArray("designations").compactMap {
                Designation(text: try $0.requireString())
            })
        let month = ServiceMonth(of: serviceDate)
        reached = Set(
            try (object.optionalArray("reached") ?? []).map { value in
                let key = try value.requireObject()
                return CapMonth(
                    certificate: HeldCertificate(
                        body: try key.requiredString("body"),
                        typeID: try key.requiredString("type"),
                        subKey: try key.requiredString("subKey")), month: month)
            })
        consents = try object.optionalArray("consents").map { kinds in
            Set(try kinds.map { try ConsentKind($0.requireString()) })
        }
        bodies = try object.requiredArray("bodies").map { value in
            let body = try value.requireObject()
            return BodyStanding(
                body: try body.requiredString("body"),
                connectedSince: try body.optionalString("since").map { try CalendarDay($0) },
                asOf: try body.optionalInt("asOf").map { Instant(microseconds: Int64($0)) })
        }
    }
}

extension JSON {
    fileprivate func requireObject() throws -> JSONObject {
        guard case .object(let object) = self else { throw Refusal.malformed("basis") }
        return object
    }

    fileprivate func requireString() throws -> String {
        guard case .string(let text) = self else { throw Refusal.malformed("basis") }
        return text
    }

    fileprivate func requireInt() throws -> Int {
        guard let number = int else { throw Refusal.malformed("basis") }
        return number
    }
}

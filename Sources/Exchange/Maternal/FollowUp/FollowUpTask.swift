/// 事後措置の一件: what a report asks of the municipality of residence, by when, and how it stands. It says which
/// checkup asked, never what was found.
package struct FollowUpTask: Hashable, Sendable {
    package enum Status: String, CaseIterable, Hashable, Sendable {
        case requested
        case inProgress = "in-progress"
        case completed
        /// 連絡がつかない, 受診しない.
        case failed
    }

    /// Whom the municipality knows the resident as, by the key it registered itself.
    package enum Whom: Hashable, Sendable {
        /// 自治体別本人キー.
        case identityKey(String)
        /// 届出番号.
        case notificationKey(String)
        case unknown
    }

    package let id: String
    /// From 1; every answer is the next.
    package let version: Int
    package let patientID: String
    package let whom: Whom
    /// Code of a `FollowUpRule`.
    package let code: String
    package let checkup: String
    package let day: CalendarDay
    package let due: CalendarDay
    package let madeAt: Instant
    package let status: Status
    package let note: String?

    package init(
        id: String, version: Int, patientID: String, whom: Whom, code: String, checkup: String,
        day: CalendarDay, due: CalendarDay, madeAt: Instant, status: Status, note: String?
    ) {
        self.id = id
        self.version = version
        self.patientID = patientID
        self.whom = whom
        self.code = code
        self.checkup = checkup
        self.day = day
        self.due = due
        self.madeAt = madeAt
        self.status = status
        self.note = note
    }
}

extension FollowUpTask.Status {
    /// 読む状態: those that a `status` of the query names, with commas between; without one, what still waits.
    package static func asked(_ text: String?) throws(Refusal) -> [Self] {
        guard let text else { return [.requested, .inProgress] }
        let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard words.allSatisfy({ Self(rawValue: $0) != nil }) else { throw .malformed("status") }
        return allCases.filter { words.contains($0.rawValue) }
    }
}

/// 事後措置の回答: what the municipality did, as a Task that holds no more than how it stands.
package struct FollowUpAnswer: Hashable, Sendable {
    /// As the body says it, for a correction: https://hl7.org/fhir/R4/http.html#update.
    package let id: String?
    package let status: FollowUpTask.Status
    package let note: String?

    package init(reading body: [UInt8]) throws(Refusal) {
        let resource = try JSONObject(resource: body)
        try resource.requireResource("Task")
        try JSON.object(resource).refuseIndividualNumbers()
        try resource.refuseModifiers()
        try resource.requireOnly([
            "resourceType", "id", "meta", "status", "intent", "code", "description", "for",
            "authoredOn", "executionPeriod", "reasonCode", "restriction", "note",
        ])
        id = try resource.optionalString("id")
        guard let status: FollowUpTask.Status = try resource.code("status") else {
            throw .missing("status")
        }
        self.status = status
        let notes = try resource.objects("note")
        guard notes.count <= 1 else { throw .duplicateItem(notes[1].1) }
        var text: String?
        if let (row, path) = notes.first { text = try row.requiredFilled("text", at: path) }
        guard text.map({ $0.unicodeScalars.count <= Self.noteScalarsMax }) ?? true else {
            throw .malformed("note[0].text")
        }
        note = text
    }

    /// A few lines: the record of the municipality's own work is kept by the municipality.
    private static let noteScalarsMax = 1000
}

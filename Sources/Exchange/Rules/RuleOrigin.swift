/// 決まりの由来: who registered a rule of a body's own, when, and in which version of the rules it came. What a
/// list of such rules tells beside each of them, to that body alone.
package struct RuleOrigin: Hashable, Sendable {
    /// Of the rules, as decisions cite them.
    let version: String
    let task: RecordID
    /// 職員, as the sender named them; nobody where they did not.
    let operatorID: String?
    let registeredAt: Instant

    package init(version: String, task: RecordID, operatorID: String?, registeredAt: Instant) {
        self.version = version
        self.task = task
        self.operatorID = operatorID
        self.registeredAt = registeredAt
    }

    func write(to row: inout JSONWriter) {
        row.member("version", version)
        row.member("taskId", task.text)
        row.member("registeredBy", operatorID)
        row.member("registeredAt", registeredAt.text)
    }
}

/// 一覧の一部: so many rows after a place. Places count from 1, so the list begins after 0.
package struct ListPart: Hashable, Sendable {
    private let after: Int
    private let count: Int

    package init(after: Int, count: Int) {
        self.after = after
        self.count = count
    }

    /// `next`: where to go on from, while there is more.
    func of<Row>(_ rows: [Row]) -> (rows: ArraySlice<Row>, next: Int?) {
        let part = rows.dropFirst(after).prefix(count)
        return (part, part.endIndex < rows.endIndex ? part.endIndex : nil)
    }
}

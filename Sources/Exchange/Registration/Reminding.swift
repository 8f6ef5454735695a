/// 勧奨: whom a municipality wants to be reminded of something that its rules name, by its own keys.
package struct Reminding: Hashable, Sendable {
    /// A checkup or a schedule of vaccinations, as the code of its rules.
    package let subject: String
    package let keys: [String]

    /// 500 keys are a year of births of a city of 60,000.
    package static let keysMax = 500

    /// `items`: what the form calls its subject and its keys.
    package init(
        _ object: JSONObject, items: (subject: String, keys: String)
    ) throws(Refusal) {
        try object.requireOnly([items.subject, items.keys])
        subject = try object.requiredString(items.subject)
        var keys: [String] = []
        for key in try object.requiredArray(items.keys) {
            keys.append(try key.requiredString(at: items.keys))
        }
        guard !keys.isEmpty else { throw .missing(items.keys) }
        guard keys.count <= Self.keysMax else { throw .tooMany(items.keys) }
        self.keys = keys
    }
}

/// 勧奨の結果: how many were reminded now, how many today already, and how many keys stand for nobody who waits:
/// unknown, come already, moved away, not yet to be invited, or not to be reached by a notice.
package struct Reminded: Sendable {
    package let reminded: Int
    package let unchanged: Int
    package let notWaiting: Int

    package init(reminded: Int, unchanged: Int, notWaiting: Int) {
        self.reminded = reminded
        self.unchanged = unchanged
        self.notWaiting = notWaiting
    }

    package var rendered: [UInt8] {
        var writer = JSONWriter(reservingBytes: 96)
        writer.object {
            $0.member("reminded", reminded)
            $0.member("unchanged", unchanged)
            $0.member("notWaiting", notWaiting)
        }
        return writer.bytes
    }
}

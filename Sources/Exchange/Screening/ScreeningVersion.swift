/// 予診票の回答の版: what a resident saved or submitted, and when. A change is a new version; none is
/// overwritten.
package struct ScreeningVersion: Hashable, Sendable {
    /// Opaque, pairwise where it is shown.
    package let id: String
    /// From 1.
    package let version: Int
    package let savedAt: Instant
    package let response: ScreeningResponse

    package init(id: String, version: Int, savedAt: Instant, response: ScreeningResponse) {
        self.id = id
        self.version = version
        self.savedAt = savedAt
        self.response = response
    }

    /// The same version under the id that a reader knows it by.
    package func named(_ id: String) -> ScreeningVersion {
        ScreeningVersion(id: id, version: version, savedAt: savedAt, response: response)
    }

    /// 提出済み: the clinic reads it.
    package var isSubmitted: Bool { response.status != .draft }

    /// The answer that was lost on its way is sent again: the same form, status and answers.
    package func holds(_ other: ScreeningResponse) -> Bool {
        response.form.canonical == other.form.canonical && response.status == other.status
            && response.authored == other.authored && response.answers == other.answers
    }

    /// 送り直し: these were sent before, and came again. Answers submitted for the first time that say no time of
    /// their own are taken for that no longer than a day: the same words before the next dose, or after the
    /// next birth, are new ones, and ask anew for what they ask.
    package func isSentAgain(by other: ScreeningResponse, on today: CalendarDay) -> Bool {
        holds(other)
            && (other.status != .completed || other.authored != nil
                || savedAt.dayInJapan.adding(days: 1) >= today)
    }

    /// Whether `response` may follow this version. What was submitted is changed as `amended`, so that the
    /// clinic sees that it was. `seen`: the version that its sender had before them.
    package func requireSuccessor(
        _ response: ScreeningResponse, seen: Int
    ) throws(Refusal) {
        guard response.form.canonical == self.response.form.canonical else {
            throw .malformed("questionnaire")
        }
        guard seen == version else { throw .versionPassed }
        guard isSubmitted == (response.status == .amended) else {
            throw isSubmitted ? .responseSubmitted : .malformed("status")
        }
    }
}

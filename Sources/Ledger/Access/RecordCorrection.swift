package import Exchange

/// 訂正: which record an institution corrects, and the version it had seen.
package struct RecordCorrection: Sendable {
    package let id: RecordID
    package let seen: Int

    package init(id: RecordID, seen: Int) {
        self.id = id
        self.seen = seen
    }
}

/// 版のある記録: how an institution's own record stands when it sends that record again. One rule for every
/// field that keeps versions.
struct HeldRecord {
    let institution: Party
    let identifier: RecordIdentifier
    let version: Int
    let isWithdrawn: Bool

    /// 訂正: what sending the record again does. `expected` is the version its sender had seen (`If-Match`); a
    /// create sent again has seen none. Another institution's record is as unknown to it as none.
    func amended(
        by sent: RecordIdentifier, isSame: Bool, from sender: Party, seen expected: Int?
    ) throws(Refusal) -> RecordAmendment {
        guard sender == institution else { throw .recordUnknown }
        guard sent == identifier else { throw .identifierChanged }
        // The same content again is the answer that was lost on its way, whatever version was seen.
        if isSame { return .unchanged }
        guard let expected else { throw .identifierReused }
        guard expected == version else { throw .versionPassed }
        guard !isWithdrawn else { throw .recordWithdrawn }
        return .newVersion(version + 1)
    }
}

package enum RecordAmendment: Hashable, Sendable {
    case unchanged
    case newVersion(Int)
}

package import Exchange

/// 訂正: which record an institution corrects, and the version it had seen.
package struct RecordCorrection: Sendable {
    package let id: RecordID
    package let seen: Int

    package init(id: RecordID, seen: Int) {
        self.id = id
        self.seen = seen
    }

    /// Throws `.malformed("id")` for a body that says to be another record than its address
    /// (https://hl7.org/fhir/R4/http.html#update): a version alone tells no two first versions apart. A body
    /// that names none is of the address.
    package func require(_ id: String?) throws(Refusal) {
        guard id == nil || id == self.id.text else { throw .malformed("id") }
    }
}

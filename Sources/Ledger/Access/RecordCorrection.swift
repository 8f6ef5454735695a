package import Exchange

/// 訂正: which record an institution corrects, and the version it had seen.
package struct RecordCorrection: Sendable {
    package let id: RecordID
    package let seen: Int

    package init(id: RecordID, seen: Int) {
        self.id = id
        self.seen = seen
    }

    /// Throws `.idDiffers` for a body that says to be another record than its address
    /// (https://hl7.org/fhir/R4/http.html#update): a version alone tells no two first versions apart. A body
    /// that names none is of the address.
    package func require(_ id: String?) throws(Refusal) {
        guard id == nil || id == self.id.text else { throw .idDiffers }
    }
}

/// 回答の訂正: the same of answers to a questionnaire, which each party knows by ids of its own.
package struct ScreeningCorrection: Sendable {
    /// Of the address.
    let id: String
    /// Of the body, if it names any.
    let bodyID: String?
    let seen: Int

    package init(id: String, bodyID: String?, seen: Int) {
        self.id = id
        self.bodyID = bodyID
        self.seen = seen
    }

    /// Whether the address means the record of these ids. Throws `.idDiffers` where the body means
    /// another: either may be an id from before a rotation, so that they need not be alike.
    func means(_ ids: PairwiseIDs) throws(Refusal) -> Bool {
        guard ids.contains(id) else { return false }
        guard bodyID.map(ids.contains) ?? true else { throw .idDiffers }
        return true
    }
}

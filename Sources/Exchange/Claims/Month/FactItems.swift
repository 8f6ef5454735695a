/// 項目の一覧: what each kind of row of a month may hold. What no reader asks for may be what its sender
/// relied on, so it is refused, never passed over.
enum FactItems {
    static let certificate: Set<String> = ["payer", "recipient"]
    static let place = certificate.union(["month", "institution"])

    static let claim: Set<String> = [
        "institution", "month", "publics", "number", "type", "days", "birthDate", "sex", "insurer",
        "points", "specialNotes", "dutyReason", "paidOn", "isReturned", "isResubmission",
        "prescriber",
    ]
    static let publicPayer = certificate.union([
        "copayment", "amount", "recomputedCopayment", "recomputedAmount", "dayCount", "points",
    ])

    static let entitlement = certificate.union([
        "validFrom", "validTo", "dateOfBirth", "sex", "monthlyCap", "isAlwaysReimbursement",
        "institutions", "isDeleted", "knownOn",
    ])
    static let facts: Set<String> = [
        "persons", "insurerPeriods", "caps", "ledger", "designations", "deletions", "checks",
        "refunds", "payments", "returns", "schemes", "elsewhere",
    ]
    static let person = certificate.union(["dateOfBirth", "sex"])
    static let insurerPeriod = certificate.union(["insurer", "from", "to"])
    static let cap = certificate.union(["cap", "month"])
    static let ledgerEntry = place.union(["amount"])
    static let refund = place.union(["day", "cost"])
    static let payment = place.union(["paidOn"])
    static let designation: Set<String> = ["payer", "lawNumber", "institution", "from", "to"]
    static let deletion = certificate.union(["validFrom", "knownOn", "endsOn"])
    static let check = certificate.union(["institution", "day", "outcome"])
    static let scheme: Set<String> = [
        "payer", "ageFrom", "ageBelow", "ageEnds", "requiresDesignation",
    ]

    /// A case that gives whole claims gives nothing else single.
    static let wholeCase: Set<String> = ["claims", "entitlements", "facts"]
    /// What a register holds of a recipient: a case that gives one of them registers its own.
    static let registered: Set<String> = [
        "validFrom", "validTo", "isDeleted", "isAlwaysReimbursement", "cap", "registeredBirthDate",
        "registeredSex", "insurerFrom", "insurerTo",
    ]
    static let singleCase = registered.union([
        "payer", "recipient", "payers", "register", "service", "month", "knownOn", "paidOn",
        "copays", "birthDate", "sex", "insurer", "claimed", "recomputed", "ageFrom", "ageBelow",
        "ageEnds", "specialNotes", "dutyReason", "institution", "designated", "entitlements",
        "facts",
    ])
}

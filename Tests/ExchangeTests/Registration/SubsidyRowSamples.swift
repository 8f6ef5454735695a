import Exchange
import TestSupport
import Testing

/// Invented rows: a correct one, and ways to spoil it.
enum SubsidySample {
    static let number = "123456789018"

    static let members: [(String, String)] = [
        ("orgSpecificCertificateTypeId", #""kodomo01""#),
        ("myNumber", "\"\(number)\""),
        (
            "basicFiveInfo",
            #"{"name":"試験 花子","nameKana":"シケン ハナコ","address":"架空県見本市1-2-3","#
                + #""dateOfBirth":"2020-04-01","sex":"2"}"#
        ),
        ("isNotDisclosed", "false"),
        ("medicalSubsidyInsurerNumber", #""88113014""#),
        ("certificationName", #""こども医療費受給者証""#),
        ("medicalSubsidyRecipientNumber", #""1234566""#),
        ("certificationSubKey", #""1""#),
        ("segment", #""A""#),
        ("incomeSegment", #""01""#),
        ("additionalConditions", #""10-1;20-2""#),
        ("designatedMedicalInstitutions", #""1318615312""#),
        ("isAlwaysReimbursement", #""0""#),
        ("maxCopaymentAmount", #"{"perMonth":2000}"#),
        ("validFrom", #""2026-04-01""#),
        ("validTo", #""2027-03-31""#),
        ("historyKey", #""h1""#),
        ("isDeleted", "false"),
        ("certificationDetail", #"[{"item":"備考","value":"見本"}]"#),
    ]

    /// The correct row with some items written otherwise; `nil` leaves the item out.
    static func row(_ changes: [String: String?] = [:]) -> String {
        var parts: [String] = []
        for (name, value) in members {
            guard let change = changes[name] else {
                parts.append("\"\(name)\":\(value)")
                continue
            }
            if let change { parts.append("\"\(name)\":\(change)") }
        }
        for (name, change) in changes.sorted(by: { $0.key < $1.key }) {
            guard let change, !members.contains(where: { $0.0 == name }) else { continue }
            parts.append("\"\(name)\":\(change)")
        }
        return "{\(parts.joined(separator: ","))}"
    }

    static func five(_ changes: [String: String?]) -> String {
        var members = [
            "name": #""試験 花子""#, "nameKana": #""シケン ハナコ""#, "address": #""架空県見本市1-2-3""#,
            "dateOfBirth": #""2020-04-01""#, "sex": #""2""#,
        ]
        for (name, value) in changes { members[name] = value }
        let parts = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return "{\(parts.joined(separator: ","))}"
    }

    static func read(_ rows: String..., form: RegistrationForm = .difference) throws
        -> [Result<SubsidyRegistrationRow, RowRefusal>]
    {
        try readSubsidyRows(Array("[\(rows.joined(separator: ","))]".utf8), form: form)
    }
}

extension Result where Success == SubsidyRegistrationRow, Failure == RowRefusal {
    var findings: [RowFinding] {
        switch self {
        case .success(let row): row.warnings
        case .failure(let refusal): refusal.findings
        }
    }
}

/// 一括の受領の種類: what a municipality fetches as a whole, by the FHIR type of its lines. What is sensitive is in
/// none of them: it is received by itself.
/// https://hl7.org/fhir/uv/bulkdata/STU2/export.html
package enum ExportType: String, CaseIterable, Hashable, Sendable {
    /// 受給資格: the certificates of the municipality's own that stand.
    case coverage = "Coverage"
    /// 予防接種台帳と請求.
    case immunization = "Immunization"
    /// 健診結果と請求.
    case diagnosticReport = "DiagnosticReport"
    /// 会計.
    case claimResponse = "ClaimResponse"
    /// 住民: whoever has a line of any of the others, by the municipality's own key; so it is prepared last.
    case patient = "Patient"

    /// The deliveries whose lines it has; residents and certificates are no deliveries.
    package var field: DeliveryField? {
        switch self {
        case .patient, .coverage: nil
        case .immunization: .immunization
        case .diagnosticReport: .maternal
        case .claimResponse: .claims
        }
    }

    /// What one must be permitted beside the export itself, for what it has is received so as well.
    package var purpose: Purpose? {
        switch self {
        case .patient: nil
        case .coverage: .receiveEntitlements
        case .immunization, .diagnosticReport, .claimResponse: field?.purpose
        }
    }

    package func isOpen(to role: Role, by permissions: Permissions) -> Bool {
        purpose.map { permissions.may(role, $0) } ?? true
    }
}

/// 受領の求め: of which types, and from when on. Nothing of a person can stand in it.
package struct ExportQuestion: Hashable, Sendable {
    /// None where none was named: whatever the caller may receive.
    package let types: [ExportType]
    /// 以後: only what was made after it.
    package let since: Instant?

    /// `_type` and `_since` of the kick-off. Throws `.malformed` for a type that is not exported.
    package init(types text: String?, since sinceText: String?) throws(Refusal) {
        var types: Set<ExportType> = []
        for name in (text ?? "").split(separator: ",") {
            guard let type = ExportType(rawValue: String(name)) else { throw .malformed("_type") }
            types.insert(type)
        }
        self.types = ExportType.allCases.filter { types.contains($0) }
        since = try Self.instant(sinceText)
    }

    package init(types: [ExportType], since: Instant?) {
        self.types = types
        self.since = since
    }

    private static func instant(_ text: String?) throws(Refusal) -> Instant? {
        guard let text else { return nil }
        return try Instant(text, item: "_since")
    }

    /// Every type by its name. Throws `.notYourPurpose` for one that was asked for by name and is not open to
    /// whoever asks.
    package func resolved(
        for role: Role, by permissions: Permissions
    ) throws(Refusal) -> ExportQuestion {
        let open = ExportType.allCases.filter { $0.isOpen(to: role, by: permissions) }
        guard types.allSatisfy(open.contains) else { throw .notYourPurpose }
        return ExportQuestion(types: types.isEmpty ? open : types, since: since)
    }

    /// The kick-off's own address, as the manifest repeats it.
    package func address(under base: String) -> String {
        let since = since.map { "&_since=" + $0.text.replacing("+", with: "%2B") } ?? ""
        let types = types.map(\.rawValue).joined(separator: ",")
        return base + "/Patient/$export?_type=" + types + since
    }
}

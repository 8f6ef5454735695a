/// 一括の受領の種類: what a municipality fetches as a whole, by the FHIR type of its lines. What is sensitive is in
/// none of them: it is received by itself.
/// https://hl7.org/fhir/uv/bulkdata/STU2/export.html
package enum ExportType: String, CaseIterable, Hashable, Sendable {
    /// 住民: whoever has a line of any of the others, by the municipality's own key.
    case patient = "Patient"
    /// 受給資格: the certificates of the municipality's own that stand.
    case coverage = "Coverage"
    /// 予防接種台帳と請求.
    case immunization = "Immunization"
    /// 健診結果と請求.
    case diagnosticReport = "DiagnosticReport"
    /// 会計.
    case claimResponse = "ClaimResponse"

    /// The deliveries whose lines it has; residents and certificates are no deliveries.
    package var field: DeliveryField? {
        switch self {
        case .patient, .coverage: nil
        case .immunization: .immunization
        case .diagnosticReport: .maternal
        case .claimResponse: .claims
        }
    }
}

/// 受領の求め: of which types, and from when on. Nothing of a person can stand in it.
package struct ExportQuestion: Hashable, Sendable {
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
        self.types = ExportType.allCases.filter { types.isEmpty || types.contains($0) }
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

    /// The kick-off's own address, as the manifest repeats it.
    package func address(under base: String) -> String {
        let since = since.map { "&_since=" + $0.text.replacing("+", with: "%2B") } ?? ""
        let types = types.map(\.rawValue).joined(separator: ",")
        return base + "/Patient/$export?_type=" + types + since
    }
}

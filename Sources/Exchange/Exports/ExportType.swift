/// 一括の受領の種類: what a municipality fetches as a whole, by the FHIR type of its lines. What is sensitive is in
/// none of them: it is received by itself.
/// https://hl7.org/fhir/uv/bulkdata/STU2/export.html
package enum ExportType: String, CaseIterable, Hashable, Sendable {
    /// 住民: whoever has a line of any of the others, by the municipality's own key.
    case patient = "Patient"
    /// 予防接種台帳と請求.
    case immunization = "Immunization"
    /// 健診結果と請求.
    case diagnosticReport = "DiagnosticReport"
    /// 会計.
    case claimResponse = "ClaimResponse"

    package var field: DeliveryField? {
        switch self {
        case .patient: nil
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

/// 目録: the files of an export that is ready.
package struct ExportManifest: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package let type: ExportType
        /// From 1 on, of its type.
        package let number: Int
        package let count: Int

        package init(type: ExportType, number: Int, count: Int) {
            self.type = type
            self.number = number
            self.count = count
        }

        /// `Immunization-1.ndjson`.
        package var name: String { "\(type.rawValue)-\(number).ndjson" }

        /// Throws `.recordUnknown` for a name that is none.
        package static func place(
            of name: String
        ) throws(Refusal) -> (type: ExportType, number: Int) {
            let parts = name.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[1].hasSuffix(".ndjson"),
                let type = ExportType(rawValue: String(parts[0])),
                let number = Int(parts[1].dropLast(".ndjson".count)), number > 0
            else { throw .recordUnknown }
            return (type, number)
        }
    }

    package let question: ExportQuestion
    /// As of this moment.
    package let askedAt: Instant
    package let files: [File]

    package init(question: ExportQuestion, askedAt: Instant, files: [File]) {
        self.question = question
        self.askedAt = askedAt
        self.files = files
    }

    /// `base`: the FHIR root; `folder`: where the files are.
    package func render(base: String, folder: String) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 256 + files.count * 160)
        writer.object { manifest in
            manifest.member("transactionTime", askedAt.text)
            manifest.member("request", question.address(under: base))
            // The certificate of the connection opens them, and a token adds nothing.
            manifest.member("requiresAccessToken", false)
            manifest.array("output") { list in
                for file in files {
                    list.object {
                        $0.member("type", file.type.rawValue)
                        $0.member("url", folder + "/" + file.name)
                        $0.member("count", file.count)
                    }
                }
            }
            manifest.array("error") { _ in }
        }
        return writer.bytes
    }
}

/// 住民: as the municipality knows them, and nothing that it does not know already.
package func renderExported(_ patientID: String, known whom: FollowUpTask.Whom) -> [UInt8] {
    var writer = JSONWriter(reservingBytes: 256)
    writer.object { patient in
        patient.member("resourceType", "Patient")
        patient.member("id", patientID)
        let keys = [
            (FHIR.System.identityKey, whom.identityKey),
            (FHIR.System.notificationKey, whom.notificationKey),
        ]
        guard keys.contains(where: { $0.1 != nil }) else { return }
        patient.array("identifier") { list in
            for (system, value) in keys {
                guard let value else { continue }
                list.object {
                    $0.member("system", system)
                    $0.member("value", value)
                }
            }
        }
    }
    return writer.bytes
}

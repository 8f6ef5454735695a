package import Exchange

/// OpenAPI 3.1 of one listener: every operation it serves, and nothing of the others. Made once;
/// the same bytes for every reader.
package enum OpenAPI {
    package static func document(of listener: Listener) -> [UInt8] {
        documents[listener] ?? []
    }

    private static let documents: [Listener: [UInt8]] = Dictionary(
        uniqueKeysWithValues: Listener.allCases.map { ($0, write($0)) })

    /// A new field adds its operations here, as it adds its routes in `Routes.swift`.
    static func operations(of listener: Listener) -> [Operation] {
        switch listener {
        case .institution:
            [
                visits, emergencyVisits, eligibility, vaccinations, reactions, screenings,
                paperForms, checkups,
                bills, claimStatements, institutionNotices,
                common,
            ].flatMap(\.self)
        case .office:
            [
                officeTokens, registrations, files, deliveries, exports, statements, guardianships,
                lifeEvents,
                invitations, prices, seasons, vaccinationLines, reactionReports, coverage,
                maternalOffice, massCheckups, sensitiveMassCheckups, municipalPaperForms, claims,
                claimMonths, refunds, cards, replayForBodies, audits, emergencies, attendance,
                common,
            ].flatMap(\.self)
        case .resident:
            [
                sessions, representation, ownRecords, ownDecisions, ownVaccinations, ownScreenings,
                printedScreenings, healthCards, ownCheckups,
                ownBalances, ownRefunds,
                common,
            ].flatMap(\.self)
        case .operations: operating
        }
    }

    private static let schemas: [(name: String, schema: Schema)] = [
        errorSchemas, visitSchemas, fhirSchemas, registrationSchemas, fileSchemas, statementSchemas,
        cardSchemas,
        sessionSchemas, representationSchemas, lifeEventSchemas,
        vaccinationSchemas, reactionSchemas, aroundTheNeedleSchemas, paperFormSchemas, priceSchemas,
        seasonSchemas,
        checkupSchemas,
        billSchemas,
        claimSchemas, claimMonthSchemas, refundSchemas, attendanceSchemas,
        contractSchemas,
        auditSchemas, emergencySchemas,
    ].flatMap(\.self)

    private static func write(_ listener: Listener) -> [UInt8] {
        let operations = operations(of: listener)
        var writer = JSONWriter(reservingBytes: 131_072)
        writer.beginObject()
        writer.member("openapi", "3.1.0")
        writer.member("jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema")
        writeInfo(listener, to: &writer)
        writer.name("paths")
        writer.beginObject()
        for path in operations.map(\.template).uniqued {
            writer.name(path)
            writer.beginObject()
            for operation in operations where operation.template == path {
                operation.write(to: &writer)
            }
            writer.endObject()
        }
        writer.endObject()
        writeComponents(operations, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func writeInfo(_ listener: Listener, to writer: inout JSONWriter) {
        writer.name("info")
        writer.beginObject()
        writer.member("title", "Tsunagi: \(listener.rawValue)")
        writer.member("version", Release.version)
        writer.member("summary", listener.summary)
        writer.member("description", Self.description)
        writer.name("license")
        writer.beginObject()
        writer.member("name", "Apache 2.0")
        writer.member("identifier", "Apache-2.0")
        writer.endObject()
        writer.endObject()
    }

    private static let description = """
        どの答えも、アクセスの記録がディスクに残ってから出ます。拒否にはすべてコードと日本語・英語の文があります(`/errors`)。
        `/fhir/` の下では OperationOutcome、ほかでは RFC 9457 の problem+json です。一覧にない経路は 404 `route-unknown`、
        使えないメソッドは 405 `method-not-allowed` です。429 と 503 には `Retry-After` が付きます。`/oauth2/token` では
        RFC 6749 §5.2 の `error` と `error_description` が加わります。

        Every answer leaves after the entry of its access is durable. Every refusal has a code and a Japanese
        and an English text (`/errors`): OperationOutcome below `/fhir/`, problem+json (RFC 9457) elsewhere.
        What is not listed is 404 `route-unknown`, another method 405 `method-not-allowed`.
        429 and 503 carry `Retry-After`. At `/oauth2/token` there are `error` and `error_description` as well
        (RFC 6749 §5.2).
        """

    private static func writeComponents(_ operations: [Operation], to writer: inout JSONWriter) {
        writer.name("components")
        writer.beginObject()
        writer.name("schemas")
        writer.beginObject()
        for (name, schema) in schemas { writer.member(name, schema.json) }
        writer.endObject()
        writer.name("examples")
        writer.beginObject()
        for refusal in Refusal.table {
            for form in RefusalForm.allCases {
                let user = operations.first {
                    $0.form == form && $0.allRefusals.contains(refusal)
                }
                guard let user else { continue }
                // Of a token the item decides which error it is.
                let own = user.refusals.first { form == .token && $0.code == refusal.code }
                writer.name(form.exampleName(of: refusal))
                writer.beginObject()
                writer.member("summary", refusal.title)
                writer.name("value")
                writer.raw(form.bytes(of: own ?? refusal))
                writer.endObject()
            }
        }
        writer.endObject()
        writeSecuritySchemes(to: &writer)
        writer.endObject()
    }

    private static func writeSecuritySchemes(to writer: inout JSONWriter) {
        writer.name("securitySchemes")
        writer.beginObject()
        for scheme in SecurityScheme.allCases {
            writer.name(scheme.rawValue)
            writer.beginObject()
            writer.member("type", scheme == .mutualTLS ? "mutualTLS" : "http")
            writer.member("scheme", scheme == .mutualTLS ? nil : "bearer")
            writer.member("description", scheme.note)
            writer.endObject()
        }
        writer.endObject()
    }
}

/// Who the caller is: always the certificate; a token only beside it.
enum SecurityScheme: String, CaseIterable {
    case mutualTLS, officeToken, residentToken

    var note: String {
        switch self {
        case .mutualTLS:
            "クライアント証明書。機関は証明書だけから決まります。 / The client certificate; it alone says who the party is."
        case .officeToken:
            "`/oauth2/token` のトークン。その証明書の接続でだけ使えます(RFC 8705)。 / From `/oauth2/token`, bound to the "
                + "certificate (RFC 8705)."
        case .residentToken:
            "`/tokens` のトークン。そのポータルの証明書の接続でだけ使えます(RFC 8705)。 / From `/tokens`, bound to the "
                + "portal's certificate (RFC 8705)."
        }
    }
}

extension Listener {
    fileprivate var summary: String {
        switch self {
        case .institution: "医療機関・薬局の接続口 / For clinics, hospitals, dentists and pharmacies"
        case .office: "行政の接続口 / For municipalities, prefectures and the card authority"
        case .resident: "ポータルの接続口 / For portals that act for a resident"
        case .operations: "運用の接続口 / For whoever runs the gateway"
        }
    }
}

extension [String] {
    /// Each once, where it first stood.
    fileprivate var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}

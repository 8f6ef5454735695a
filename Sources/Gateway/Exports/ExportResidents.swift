import Exchange
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore

/// 一括の受領: FHIR Bulk Data Access of what a municipality holds of its own residents: kick-off, status, files
/// and deletion (https://hl7.org/fhir/uv/bulkdata/STU2/export.html). A file is made when it is fetched, and
/// every resident in it is on the record.
extension GatewayParts {
    var exportRoutes: [Route] {
        [
            route(.get, "/fhir/Patient/$export", for: .exportResidents, handle: beginExport),
            route(.get, "/fhir/exports/:id", for: .exportResidents, handle: readExport),
            route(.delete, "/fhir/exports/:id", for: .exportResidents, handle: deleteExport),
            route(.get, "/fhir/exports/:id/:file", for: .exportResidents, handle: readExportFile),
        ]
    }

    private func beginExport(_ asking: Asking) async throws -> Response {
        let question = try asking.request.exportQuestion()
        let rules = try ledger.rules.current()
        let folder = asking.request.base + "/exports/"
        let (export, _) = try await asking.answer(as: { Array((folder + $0.id.text).utf8) }) {
            try $0.beginExport(question, rules: rules)
        }
        return Response(
            status: .accepted, headers: [.contentLocation: folder + export.id.text])
    }

    private func readExport(_ asking: Asking) async throws -> Response {
        let id = try asking.context.recordID()
        let base = asking.request.base
        let folder = "\(base)/exports/\(id.text)"
        let (export, bytes) = try await asking.answer(
            as: { export in
                guard export.isReady else { return [] }
                return ExportManifest(
                    question: export.question, askedAt: export.askedAt, files: export.files
                ).render(base: base, folder: folder)
            }
        ) { try $0.export(id) }
        guard export.isReady else {
            return Response(
                status: .accepted,
                headers: [.progress: "preparing", .retryAfter: Self.exportRetrySeconds])
        }
        var response = Response.json(.ok, bytes)
        response.headers[.expires] = HTTPDate().text(at: export.endsAt)
        return response
    }

    private func deleteExport(_ asking: Asking) async throws -> Response {
        let id = try asking.context.recordID()
        try await asking.access { try $0.deleteExport(id) }
        return Response(status: .accepted)
    }

    private func readExportFile(_ asking: Asking) async throws -> Response {
        let id = try asking.context.recordID()
        let (type, number) = try ExportManifest.File.place(
            of: asking.context.parameters.require("file"))
        let rules = try ledger.rules.current()
        let party = asking.caller.party
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            try lines(
                records.exported(id, type, number, rules: rules), for: party, rules)
        }
        return Response(
            status: .ok, headers: [.contentType: "application/fhir+ndjson"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// One resource a line, each with its newline.
    private func lines(
        _ exported: ExportedLines, for party: Party, _ rules: RuleBook
    ) throws -> [UInt8] {
        let resources: [[UInt8]] =
            switch exported {
            case .residents(let residents):
                residents.map {
                    renderExported(pairwise($0.person, for: party).current, known: $0.whom)
                }
            case .lines(let deliveries):
                try deliveries.map { try line($0, for: party).entry(rules).resource }
            }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(resources.reduce(0) { $0 + $1.count + 1 })
        for resource in resources {
            bytes += resource
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// As often as an export is looked at.
    private static let exportRetrySeconds = "2"
}

extension Request {
    private static let exportItems: Set = ["_type", "_since", "_outputFormat"]
    private static let exportForms: Set = [
        "application/fhir+ndjson", "application/ndjson", "ndjson",
    ]

    /// Throws `.missing("Prefer")`: what is not asked for asynchronously is not answered at once either.
    fileprivate func exportQuestion() throws -> ExportQuestion {
        let preferences = HTTPField.Name("Prefer").map { headers[values: $0] } ?? []
        guard preferences.contains(where: { $0.contains("respond-async") }) else {
            throw Refusal.missing("Prefer")
        }
        for (name, _) in uri.queryParameters where !Self.exportItems.contains(String(name)) {
            throw Refusal.unknownItem("query")
        }
        if let form = text("_outputFormat"), !Self.exportForms.contains(form) {
            throw Refusal.malformed("_outputFormat")
        }
        return try ExportQuestion(types: text("_type"), since: text("_since"))
    }
}

extension HTTPField.Name {
    fileprivate static let progress: Self = {
        guard let name = Self("X-Progress") else { preconditionFailure("not a field name") }
        return name
    }()
}

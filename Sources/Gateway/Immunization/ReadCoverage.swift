import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 接種率: figures without anybody reporting them. A municipality reads its own and the nation's,
/// statistics those of every municipality; they say nothing of anyone, and the reading is on the record.
extension GatewayParts {
    /// `GET /fhir/MeasureReport?period=YYYY-MM` of a month that is over.
    func readCoverage(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        let page = asking.request.page()
        let bytes = try await coverage(asking, rules) { $0.searchset(rules, page: page) }
        return .fhir(.ok, bytes)
    }

    /// `GET /immunization/coverage.csv?period=YYYY-MM`: the same figures, UTF-8.
    func readCoverageFile(_ asking: Asking) async throws -> Response {
        let bytes = try await coverage(asking, try immunizationRules(), as: \.csv)
        var response = Response.json(.ok, bytes)
        response.headers[.contentType] = "text/csv; charset=utf-8"
        return response
    }

    private func coverage(
        _ asking: Asking, _ rules: ImmunizationRules,
        as bytes: @escaping @Sendable (CoverageReport) -> [UInt8]
    ) async throws -> [UInt8] {
        guard let text = asking.request.uri.queryParameters["period"] else {
            throw Refusal.missing("period")
        }
        let month = try ServiceMonth(String(text), item: "period")
        guard month < ServiceMonth(of: now().dayInJapan) else { throw Refusal.malformed("period") }
        let party = asking.caller.party
        let municipalities = party.role == .municipality ? [party.code] : nil
        return try await asking.answer(as: bytes) { records in
            let (counted, counts) = try records.coverage(
                of: month, in: municipalities, rules: rules)
            return CoverageReport(counts, month: month, counted: counted, rules.coverage)
        }.bytes
    }
}

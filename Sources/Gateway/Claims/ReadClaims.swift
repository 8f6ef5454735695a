import Exchange
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore

/// 照合の結果の参照: a run by its number or `latest`, page after page, as CSV and as ExplanationOfBenefit; and
/// what closed months say to an institution, as CSV and as ClaimResponse.
extension GatewayParts {
    /// `GET /claims/months/{month}/runs/{run}`: by default the claims that were not simply accepted. The
    /// totals, which are of the run, come with its first page.
    func readMonthRun(_ asking: Asking) async throws -> Response {
        let (month, run) = (try asking.context.month(), try asking.context.run())
        let page = try asking.request.claimPage()
        let party = asking.caller.party
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let run = try records.monthRun(run, of: month, hasTotals: page.offset == 0)
            let verdicts = try records.verdicts(
                of: run, page.filter, offset: page.offset, limit: page.count)
            var writer = JSONWriter(reservingBytes: 1024 + verdicts.lines.count * 1024)
            writer.beginObject()
            run.write(into: &writer)
            writer.member("total", verdicts.total)
            writer.name("results")
            writer.beginArray()
            for line in verdicts.lines { write(line, for: party, to: &writer) }
            writer.endArray()
            writer.endObject()
            return writer.bytes
        }
        return .json(.ok, bytes)
    }

    /// Whole institutions as far as a page holds them, and in `Link` where the others are: of the very run
    /// that this page is of, whichever is the newest by then.
    func readMonthStatement(_ asking: Asking) async throws -> Response {
        let (month, run) = (try asking.context.month(), try asking.context.run())
        let after = try asking.request.text("after").map { text in
            // Of an institution ten digits, of a body that is one six.
            guard [6, 10].contains(text.utf8.count),
                text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { throw Refusal.malformed("after") }
            return text
        }
        let path = asking.request.origin + "/claims/months/\(month.text)/runs"
        let (found, bytes) = try await asking.answer(as: \.page.bytes) { records -> RunPage in
            let run = try records.monthRun(run, of: month)
            return RunPage(run: run.run, page: try records.statement(of: run, after: after))
        }
        let next = found.page.next.map { "\(path)/\(found.run)/statement?after=\($0)" }
        return .statement(bytes, month.text, next: next)
    }

    func readBenefits(_ asking: Asking) async throws -> Response {
        try asking.request.refusePersons()
        let month = try asking.request.month("month")
        let run = try asking.request.uri.queryParameters["run"].flatMap(runNumber)
        let page = try asking.request.claimPage()
        let party = asking.caller.party
        let request = asking.request
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let run = try records.monthRun(run, of: month)
            let verdicts = try records.verdicts(
                of: run, page.filter, offset: page.offset, limit: page.count)
            let link = request.page(
                "month=\(month.text)&run=\(run.run)&show=\(page.filter.rawValue)&",
                offset: page.offset, count: page.count)
            return try searchset(
                verdicts, of: "ExplanationOfBenefit", link(verdicts.total), for: party
            ) { $0.renderExplanationOfBenefit($1) }
        }
        return .fhir(.ok, bytes)
    }

    /// `GET /claims/statements?month=`, of all bodies that closed it or of one (`body`); whole bodies as far
    /// as a page holds them, and in `Link` where the others are.
    func readOwnStatement(_ asking: Asking) async throws -> Response {
        let month = try asking.request.month("month")
        let body = try asking.request.body()
        let after = try asking.request.body("after")
        let path = asking.request.origin + asking.request.uri.path + "?month=\(month.text)"
        let (page, bytes) = try await asking.answer(as: \.bytes) { records -> StatementPage in
            try records.ownStatement(by: body, of: month, after: after)
        }
        return .statement(bytes, month.text, next: page.next.map { "\(path)&after=\($0)" })
    }

    func readClaimResponses(_ asking: Asking) async throws -> Response {
        try asking.request.refusePersons()
        let month = try asking.request.month("month")
        let body = try asking.request.body()
        let page = try asking.request.claimPage()
        let party = asking.caller.party
        let link = asking.request.page(
            "month=\(month.text)&" + (body.map { "body=\($0)&" } ?? ""), offset: page.offset,
            count: page.count)
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let verdicts = try records.closedVerdicts(
                by: body, of: month, offset: page.offset, limit: page.count)
            return try searchset(
                verdicts, of: "ClaimResponse", link(verdicts.total), for: party
            ) { $0.renderClaimResponse($1) }
        }
        return .fhir(.ok, bytes)
    }

    private func searchset(
        _ verdicts: VerdictPage, of type: String, _ page: SearchPage, for party: Party,
        _ render: (ToldClaim, ToldClaim.Showing) -> [UInt8]
    ) throws -> [UInt8] {
        let entries = try verdicts.lines.map { line in
            let claim = try told(line, for: party)
            return SearchEntry(
                reference: "\(type)/\(claim.id)", resource: render(claim, showing(line, to: party)))
        }
        return renderSearchset(entries, page: page)
    }

    /// A record is known to each reader by an id of its own; a receipt by its place in its file.
    private func name(_ line: VerdictPage.Line, for party: Party) -> String {
        guard let record = try? RecordID(line.claim, item: "claim") else { return line.claim }
        return pairwise(record, for: party).current
    }

    private func told(_ line: VerdictPage.Line, for party: Party) throws -> ToldClaim {
        try ToldClaim(reading: line.told, id: name(line, for: party))
    }

    private func showing(_ line: VerdictPage.Line, to party: Party) -> ToldClaim.Showing {
        .init(
            patientID: line.person.map { pairwise($0, for: party).current }, body: line.body,
            created: line.madeAt)
    }

    private func write(
        _ line: VerdictPage.Line, for party: Party, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("claim", name(line, for: party))
        writer.member("reopened", line.isReopened ? true : nil)
        writer.name("result")
        writer.raw(line.told)
        writer.endObject()
    }
}

/// 照合の一頁: a page of a statement with the run that it is of.
private struct RunPage: Sendable {
    let run: Int
    let page: StatementPage
}

/// 頁: which claims, how many, from where.
private struct ClaimPage: Sendable {
    let filter: VerdictFilter
    let offset: Int
    let count: Int
}

extension Request {
    fileprivate func claimPage() throws -> ClaimPage {
        let count = try lineCount()
        let offset = try number("_offset") ?? 0
        guard (0...ArrivingClaims.monthCountMax).contains(offset) else {
            throw Refusal.malformed("_offset")
        }
        let text = uri.queryParameters["show"].map(String.init)
        let filter = try text.map { text in
            guard let filter = VerdictFilter(rawValue: text) else {
                throw Refusal.malformed("show")
            }
            return filter
        }
        return ClaimPage(filter: filter ?? .told, offset: offset, count: count)
    }

    /// 実施機関; `nil`: all of them.
    fileprivate func body(_ name: String = "body") throws -> String? {
        try text(name).map { text in
            do throws(Refusal) { return try LocalGovernmentCode(text).digits } catch {
                throw Refusal.malformed(name)
            }
        }
    }
}

extension GatewayContext {
    fileprivate func run() throws -> Int? {
        try runNumber(parameters.require("run")[...])
    }
}

/// `latest` is `nil`.
private func runNumber(_ text: Substring) throws(Refusal) -> Int? {
    guard text != "latest" else { return nil }
    guard let run = Int(text), run > 0 else { throw .malformed("run") }
    return run
}

extension Response {
    fileprivate static func statement(
        _ bytes: [UInt8], _ name: String, next: String? = nil
    ) -> Response {
        var headers: HTTPFields = [:]
        if let next { headers[.link] = "<\(next)>; rel=\"next\"" }
        headers[.contentType] = "text/csv; charset=UTF-8"
        headers[.contentDisposition] = "attachment; filename=\"claims-\(name).csv\""
        return Response(
            status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

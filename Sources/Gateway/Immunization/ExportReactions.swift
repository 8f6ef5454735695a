import Exchange
import Hummingbird
import Ledger

/// 副反応疑いの報告の国への書き出し (予防接種法12条・14条): the ministry, or PMDA on its behalf, fetches every report and what
/// followed it, in one order and from where it left off, as a table or as a Bundle of the same fields.
extension GatewayParts {
    /// `GET /fhir/AdverseEvent/$reports?_cursor=…`.
    func exportReactions(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        let base = asking.request.base
        let path = asking.request.origin + asking.request.uri.path
        let (_, bytes) = try await exported(asking) { reports, cursor, count in
            let page = SearchPage(
                base: base, selfLink: "\(path)?_cursor=\(cursor)&_count=\(count)",
                nextLink: reports.last.map { "\(path)?_cursor=\($0.place)&_count=\(count)" })
            return ReactionExport.searchset(reports, rules, page: page)
        }
        return .fhir(.ok, bytes)
    }

    /// `GET /reactions/reports.csv?_cursor=…&encoding=…`: UTF-8 with its mark, or CP932.
    func exportReactionFile(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        let characters =
            try asking.request.tableCharacters() ?? Characters(.utf8WithMark, table: .cp932)
        let (answer, bytes) = try await exported(asking) { reports, _, _ in
            ReactionExport.csv(reports, rules, characters)
        }
        let encoding = characters.encoding
        return .table(
            bytes, encoding,
            next: answer.next.map {
                "\(asking.request.uri.path)?_cursor=\($0)&_count=\(answer.count)"
                    + "&encoding=\(encoding.rawValue)"
            })
    }

    private struct Exported: Sendable {
        let next: Int?
        let count: Int
        let bytes: [UInt8]
    }

    private func exported(
        _ asking: Asking,
        as written: @escaping @Sendable ([ReactionExport], _ cursor: Int, _ count: Int) -> [UInt8]
    ) async throws -> (answer: Exported, bytes: [UInt8]) {
        let book = try ledger.rules.current()
        let party = asking.caller.party
        let count = try asking.request.lineCount()
        let cursor = try asking.request.number("_cursor") ?? 0
        return try await asking.answer(as: \.bytes) { [self] records in
            let reports = try records.exportReactions(after: cursor, limit: count, rules: book)
                .map { try shown($0, to: party) }
            return Exported(
                next: reports.last?.place, count: count, bytes: written(reports, cursor, count))
        }
    }

    /// Report, records and resident by ids that this party alone has.
    private func shown(_ exported: ExportedReaction, to party: Party) throws -> ReactionExport {
        func name(_ id: String) throws -> String { pairwise(try RecordID(id), for: party).current }
        let version = try exported.version.named(
            pairwise(exported.id, for: party).current, doses: name)
        var records: [String: Vaccination] = [:]
        for id in exported.version.reaction.suspects.compactMap(\.recordID) {
            records[try name(id)] = exported.records[id]
        }
        return ReactionExport(
            place: exported.place,
            of: .init(
                id: pairwise(exported.person, for: party).current, sex: exported.sex,
                birth: exported.birth, municipality: exported.municipality),
            version, records: records)
    }
}

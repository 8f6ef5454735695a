import Exchange
import Hummingbird
import Ledger

/// 月の一覧: `GET /claims/months`, how far a body is with each of its months. Nobody is in it, so that whoever
/// plans the work need not open a month.
extension GatewayParts {
    func listMonths(_ asking: Asking) async throws -> Response {
        let (offset, count) = try asking.request.range()
        let rules = try ledger.rules.current().version
        let (_, bytes) = try await asking.answer(as: \.self) { records -> [UInt8] in
            let (months, total) = try records.listMonths(offset: offset, limit: count)
            var writer = JSONWriter(reservingBytes: 256 + months.count * 1024)
            writer.beginObject()
            writer.member("total", total)
            writer.name("months")
            writer.beginArray()
            for month in months { month.write(under: rules, into: &writer) }
            writer.endArray()
            writer.endObject()
            return writer.bytes
        }
        return .json(.ok, bytes)
    }
}

extension ListedMonth {
    /// `rules`: those in force; a run by others may come out otherwise.
    fileprivate func write(under rules: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("month", month.text)
        writer.member("status", status.rawValue)
        writer.member("files", files)
        writer.member("claims", claims)
        if let run { run.write(under: rules, into: &writer) }
        if let closing {
            writer.name("closing")
            writer.beginObject()
            writer.member("closing", closing.number)
            writer.member("run", closing.run)
            writer.member("closedAt", closing.closedAt.text)
            writer.endObject()
            writeSince(into: &writer)
        }
        writer.endObject()
    }

    private func writeSince(into writer: inout JSONWriter) {
        writer.name("reopened")
        writer.beginArray()
        for group in reopened {
            writer.beginObject()
            writer.member("standing", group.standing.rawValue)
            writer.member("code", group.code)
            writer.member("claims", group.claims)
            writer.endObject()
        }
        writer.endArray()
        writer.name("changes")
        writer.beginArray()
        for change in changes {
            writer.beginObject()
            writer.member("cause", change.cause)
            writer.member("claims", change.claims)
            writer.member("last", change.last.text)
            writer.member("waiting", change.isWaiting)
            writer.endObject()
        }
        writer.endArray()
    }
}

extension ListedMonth.Run {
    fileprivate func write(under rules: String, into writer: inout JSONWriter) {
        writer.name("run")
        writer.beginObject()
        writer.member("run", number)
        writer.member("madeAt", madeAt.text)
        writer.member("rules", rulesVersion)
        writer.member("rulesChanged", rulesVersion != rules)
        for sum in sums {
            writer.name(sum.standing.rawValue)
            writer.beginObject()
            writer.member("count", sum.count)
            writer.member("amount", sum.yen)
            writer.endObject()
        }
        writer.member("reopened", reopened)
        writer.endObject()
    }
}

import Exchange
import Hummingbird
import Ledger

/// 登録した決まりの参照: what stands of a municipality's own seasons and schemes, and who registered it. It says
/// nothing of any resident, and nothing of another municipality.
extension GatewayParts {
    /// `GET /immunization/seasons?on=DAY`: every season with the days that hold there; of a day, where one is
    /// asked for, those that it is a day of.
    func readOwnSeasons(_ asking: Asking) async throws -> Response {
        let (day, part) = try asking.request.ownRules()
        let (_, bytes) = try await asking.answer(as: { $0.json(on: day, part) }) {
            [ledger] records -> SeasonList in
            try records.ownSeasons(rules: ledger.rules.kept)
        }
        return .json(.ok, bytes)
    }

    /// `GET /medical-subsidy/schemes?on=DAY`: its own certificate types, each with its codes.
    func readOwnSchemes(_ asking: Asking) async throws -> Response {
        let (day, part) = try asking.request.ownRules()
        let (_, bytes) = try await asking.answer(as: { $0.json(on: day, part) }) {
            [ledger] records -> SchemeList in
            try records.ownSchemes(rules: ledger.rules.kept)
        }
        return .json(.ok, bytes)
    }
}

extension Request {
    fileprivate func ownRules() throws -> (day: CalendarDay?, part: ListPart) {
        let day = try text("on").map { try CalendarDay($0, item: "on") }
        return (day, ListPart(after: try number("after") ?? 0, count: try lineCount("count")))
    }
}

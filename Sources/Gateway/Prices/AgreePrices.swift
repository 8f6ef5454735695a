import Exchange
import Hummingbird
import Ledger

/// 委託単価: what a municipality pays for doses and checkups, from its own list. It says nothing of anyone.
extension GatewayParts {
    /// `POST /…/prices/registration-tasks`: each row gives a price from a day on, or takes it back; the same
    /// task and row results as the other registrations.
    func registerPrices(
        of field: PriceField
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let priced = try priced(field)
            return try await registration(
                asking, field: "\(field.rawValue)-prices",
                read: { body throws(Refusal) in try priced.readRows(body) },
                apply: { records, task, rows in try records.registerPrices(task, rows) })
        }
    }

    /// `GET /…/prices?on=DAY&knownAt=INSTANT`: the prices of that day as the municipality had said them by
    /// then; without a day, all of them.
    func readPrices(of field: PriceField) -> @Sendable (Asking) async throws -> Response {
        { asking in
            let day = try asking.request.text("on").map { text in
                try CalendarDay(text, item: "on")
            }
            let knownAt = try asking.request.text("knownAt").map { text in
                try Instant(text, item: "knownAt")
            }
            let (_, bytes) = try await asking.answer(as: { renderPrices($0, on: day) }) {
                records in
                try records.prices(of: field, knownBy: knownAt ?? records.now)
            }
            return .json(.ok, bytes)
        }
    }

    private func priced(_ field: PriceField) throws -> PricedServices {
        switch field {
        case .immunization: try immunizationRules().priced
        case .maternal: try maternalRules().maternal.priced
        }
    }
}

import Exchange
import Hummingbird
import Ledger

/// 予防接種の委託単価: what a municipality pays for a dose, from its own list. It says nothing of anyone.
extension GatewayParts {
    /// `POST /immunization/prices/registration-tasks`: each row gives a dose a price from a day on, or takes
    /// it back; the same task and row results as the other registrations.
    func registerVaccinationPrices(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        return try await registration(
            asking, field: "immunization-prices",
            read: { body throws(Refusal) in try readVaccinationPriceRows(body, rules) },
            apply: { records, task, rows in
                try records.registerVaccinationPrices(task, rows)
            })
    }

    /// `GET /immunization/prices?on=DAY&knownAt=INSTANT`: the prices of that day as the municipality had said
    /// them by then; without a day, all of them.
    func readVaccinationPrices(_ asking: Asking) async throws -> Response {
        let day = try asking.request.text("on").map { text in
            try CalendarDay(text, item: "on")
        }
        let knownAt = try asking.request.text("knownAt").map { text in
            try Instant(text, item: "knownAt")
        }
        let (_, bytes) = try await asking.answer(as: { renderPrices($0, on: day) }) { records in
            try records.vaccinationPrices(knownBy: knownAt ?? records.now)
        }
        return .json(.ok, bytes)
    }
}

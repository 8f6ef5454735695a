import Exchange
import Hummingbird
import Ledger

/// 本人の予防接種: what every institution recorded of the resident, and what is due next.
extension GatewayParts {
    /// 接種記録: `GET /fhir/Immunization`, the newest version of each, those withdrawn among them.
    func readOwnVaccinations(_ asking: Asking) async throws -> Response {
        let page = asking.request.page()
        let party = asking.caller.party
        return try await own(asking) { [self] records, person, patient in
            let held = try records.vaccinations(of: person)
            return renderVaccinations(
                held.map { $0.newest.named(pairwise($0.id, for: party)) }, of: patient, page: page)
        }
    }

    /// 接種予定: `GET /fhir/ImmunizationRecommendation`, as of today; none while nothing is forecast.
    func readOwnForecast(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let page = asking.request.page()
        return try await own(asking) { records, person, patient in
            let facts = try records.vaccinationFacts(of: person, rules: book)
            let known = facts.person(at: records.now, rules)
            let today = records.now.dayInJapan
            let report = ForecastReport(
                patientID: patient, assessed: today, doses: [],
                forecasts: forecastVaccinations(
                    birth: known.birth, sex: known.sex, history: known.held, today: today, rules))
            return report.searchset(rules, page: page)
        }
    }
}

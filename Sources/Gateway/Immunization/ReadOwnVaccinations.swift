import Exchange
import Hummingbird
import Ledger

/// 本人の予防接種: what every institution recorded of the resident, and what is due next.
extension GatewayParts {
    /// 接種記録: `GET /fhir/Immunization`, the newest version of each, those withdrawn among them, and what a
    /// municipality's ledger holds beside them.
    func readOwnVaccinations(_ asking: Asking) async throws -> Response {
        let page = asking.request.page()
        let party = asking.caller.party
        let rules = try ledger.rules.current().immunization
        return try await own(asking) { [self] records, person, patient in
            let all = try records.vaccinations(of: person)
            let held = rules.map { all.withoutCopies($0) } ?? all
            return renderVaccinations(
                held.map { shown($0, to: party) }, of: patient, page: page)
        }
    }

    /// Under the portal's own ids, the questionnaire's among them.
    private func shown(_ held: HeldVaccination, to party: Party) -> VaccinationVersion {
        held.newest.named(
            pairwise(held.id, for: party).current,
            responseID: held.response.map { pairwise($0, for: party).current })
    }

    /// 接種予定: `GET /fhir/ImmunizationRecommendation`, as of today; none while nothing is forecast.
    func readOwnForecast(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let page = asking.request.page()
        return try await own(asking) { records, person, patient in
            let facts = try records.ownVaccinationFacts(of: person, rules: book)
            let today = records.now.dayInJapan
            let known = facts.person(on: today, at: records.now, rules)
            let report = ForecastReport(
                patientID: patient, assessed: today, doses: [],
                forecasts: forecastVaccinations(
                    birth: known.birth, sex: known.sex,
                    dueDay: known.pregnancies.dueDay(awaitedOn: today), history: known.held,
                    today: today, seasons: known.seasons, longIllnesses: known.longIllnesses,
                    rules))
            return report.searchset(rules, page: page)
        }
    }
}

import Exchange
import Hummingbird
import Ledger

/// 家庭の母子健康手帳: what a family sees of its own checkups through a portal.
extension GatewayParts {
    /// 健診の経過: `GET …/DiagnosticReport`, the newest version of each, those withdrawn among them. What is
    /// sensitive is asked for by itself, so that nobody who looks over a shoulder sees it by chance, and
    /// shown to the resident alone.
    func readOwnCheckups(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let (book, rules) = try maternalRules()
            let page = asking.request.page()
            let name = currentNames(for: asking.caller.party)
            return try await own(asking) { records, person, patient in
                let parts = try records.ownCheckups(
                    of: person, in: compartment, rules: book
                ) { held in
                    let shown = held.map { $0.shown.named(name($0.id)) }
                    return [checkupEntries(shown, of: patient, on: page, rules)]
                }
                return renderSearchset(of: parts, page: page)
            }
        }
    }

    /// 発育の記録: `GET /fhir/Observation`, every measurement with its place in the national survey.
    func readOwnMeasurements(_ asking: Asking) async throws -> Response {
        let (book, rules) = try maternalRules()
        let page = asking.request.page()
        let party = asking.caller.party
        return try await own(asking) { [self] records, person, patient in
            let facts = try records.maternalFacts(of: person, rules: book)
            let held = try records.checkups(of: person, in: .open, rules: rules).filter {
                $0.newest.report.status != .enteredInError
            }
            let measured = held.flatMap { held in
                rules.measurements(
                    in: held.newest.report, birth: facts.childBirth, sex: facts.sex
                ).map { (pairwise(held.id, part: $0.entry.item, for: party), $0) }
            }
            return renderMeasurements(measured, of: patient, page: page, rules)
        }
    }

    /// 健診の予定: `GET /fhir/CarePlan`, as of today, with the ticket for each.
    func readOwnCheckupPlan(_ asking: Asking) async throws -> Response {
        let (book, _) = try maternalRules()
        let page = asking.request.page()
        return try await own(asking) { records, person, patient in
            let plans = try records.handbook(of: person, rules: book).plans
            return renderCheckupPlans(
                plans, of: patient, today: records.now.dayInJapan, page: page)
        }
    }

    /// 印刷: `POST /checkups/print`: plan, results and growth as a page of its own.
    func printHandbook(_ asking: Asking) async throws -> Response {
        let (book, rules) = try maternalRules()
        return try await own(asking, answering: Response.page) { records, person, _ in
            try records.handbook(of: person, rules: book).page(on: records.now.dayInJapan, rules)
        }
    }
}

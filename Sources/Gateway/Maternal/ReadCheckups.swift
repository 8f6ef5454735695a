import Exchange
import Hummingbird
import Ledger

/// 健診の経過: `GET …/DiagnosticReport?subject=Patient/{id}`, within a visit that is open now: what every
/// institution recorded of the patient. The sensitive compartment answers one who did not agree to it as one
/// of whom nothing is held.
extension GatewayParts {
    func readCheckups(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let (book, rules) = try maternalRules()
            let patient = try asking.request.subject()
            let page = asking.request.page()
            let party = asking.caller.party
            let name = currentNames(for: party)
            let pieces = try await asking.answerInPieces(
                reading: .visitor(patient: patient, at: party)
            ) { records in
                guard let person = try records.seen(patient, in: compartment, book) else {
                    return searchsetPieces(of: [], page: page)
                }
                let parts = try records.checkups(
                    of: person, in: compartment, rules: rules
                ) { held in
                    let shown = held.map { $0.shown(to: party, name) }
                    return [checkupEntries(shown, of: patient, on: page, rules)]
                }
                return searchsetPieces(of: parts, page: page)
            }
            return .fhir(.ok, pieces: pieces)
        }
    }

    /// 診察の前の確認: `GET /fhir/CarePlan?subject=Patient/{id}`, within a visit that is open now: the course of the
    /// pregnancy, which checkup's days it is, and the tickets that stand unused.
    func readCheckupPlan(_ asking: Asking) async throws -> Response {
        let (book, _) = try maternalRules()
        let patient = try asking.request.subject()
        let page = asking.request.page()
        let (_, bytes) = try await asking.answer(
            reading: .visitor(patient: patient, at: asking.caller.party), as: \.self
        ) { records in
            guard let person = try records.seen(patient, in: .open, book) else {
                throw Refusal.consentNotGiven
            }
            return renderClinicPlans(
                try records.clinicPlans(of: person, rules: book), of: patient,
                today: records.now.dayInJapan, page: page)
        }
        return .fhir(.ok, bytes)
    }
}

extension Records {
    /// The patient of a visit that is open, entered with it; nothing of one who did not agree to what is
    /// sensitive. Throws `.consentNotGiven` for what is open.
    fileprivate mutating func seen(
        _ patient: String, in compartment: CheckupCompartment, _ book: RuleBook
    ) throws -> PersonKey? {
        let opening = compartment.consentKinds(book).map(\.code)
        let found = try visitor(patient: patient, kinds: book.readingVisitKinds)
        let isConsented = found.consents.contains(where: opening.contains)
        guard isConsented || compartment == .sensitive else { throw Refusal.consentNotGiven }
        enter(found.person, visit: found.visit)
        return isConsented ? found.person : nil
    }
}

extension HeldCheckup {
    /// Its own reports a party finds under the ids that it may read and correct; another's under an id that
    /// leads nowhere.
    func shown(to party: Party, _ name: (RecordID) -> String) -> ShownCheckup {
        newest.institution == party ? shown : shown.named(name(id))
    }
}

/// 健診の記録, as the caller of `named` may see each; a timeline of years by more than one hand.
func renderCheckups(
    _ held: [HeldCheckup], named: @Sendable (HeldCheckup) -> ShownCheckup, of patientID: String,
    page: SearchPage, _ rules: MaternalRules
) throws -> [UInt8] {
    let parts = try sharedOut(held) {
        [checkupEntries($0.map(named), of: patientID, on: page, rules)]
    }
    return renderSearchset(of: parts, page: page)
}

extension Request {
    /// `subject` or `patient`: the opaque id that the institution was given with the visit.
    fileprivate func subject() throws -> String {
        let given = uri.queryParameters["subject"] ?? uri.queryParameters["patient"]
        guard let given else { throw Refusal.missing("subject") }
        let id = given.hasPrefix("Patient/") ? given.dropFirst("Patient/".count) : given
        guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy({ (0x61...0x7A).contains($0) })
        else { throw Refusal.malformed("subject") }
        return String(id)
    }
}

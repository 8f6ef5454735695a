import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 予診票・問診票の回答: https://hl7.org/fhir/R4/questionnaireresponse.html, in one of two compartments. The resident
/// saves a draft and submits it at home; the clinic reads what was submitted within a visit. Nobody but the
/// resident, or who acts for them, sees a draft; what is sensitive nobody else answers or sees in a portal.
extension GatewayParts {
    /// `POST …/QuestionnaireResponse`: 201 for new answers, 200 for the same again.
    func saveScreening(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let book = try ledger.rules.current()
            return try await saved(asking, in: compartment, book) { records, sent, person in
                try records.saveScreening(sent.response, of: person, rules: book)
            }
        }
    }

    /// `PUT …/QuestionnaireResponse/{id}` with `If-Match`: a later version, submitted or not.
    func saveScreeningAgain(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let book = try ledger.rules.current()
            let id = try asking.context.parameters.require("id")
            _ = try asking.residentToken()  // Who asks, before how.
            let seen = try asking.request.versionSeen()
            let names = names(for: asking.caller.party)
            return try await saved(asking, in: compartment, book) { records, sent, person in
                try records.saveScreening(
                    sent.response,
                    correcting: ScreeningCorrection(id: id, bodyID: sent.id, seen: seen),
                    of: person, rules: book, names)
            }
        }
    }

    /// `GET …/QuestionnaireResponse`: the resident's own, drafts among them.
    func readOwnScreenings(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let book = try ledger.rules.current()
            let page = asking.request.page()
            let party = asking.caller.party
            return try await own(asking) { [self] records, person, patient in
                renderScreenings(
                    try records.ownScreenings(of: person, in: compartment, rules: book)
                        .map { named($0, for: party) },
                    of: patient, page: page)
            }
        }
    }

    /// 前回の回答: `GET /fhir/Questionnaire/{id}/$populate`, a draft with what the resident answered last time
    /// to the same questions, but for what is of one day.
    func populateQuestionnaire(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        let form = try form(asking.context)
        return try await own(asking) { records, person, patient in
            let last = try records.lastAnswers(to: form, of: person, rules: book)
            let draft =
                last?.reused(in: form)
                ?? ScreeningResponse(form: form, status: .draft, authored: nil, answers: [])
            return draft.renderPopulated(of: patient)
        }
    }

    /// `POST …/QuestionnaireResponse/_search` of an institution, for a patient of an open visit: the newest
    /// submitted answers before each dose or checkup, with what they come to, or those that the code on a
    /// printed form stands for (`identifier`). Of what the patient did not agree to show, none; and none of
    /// another season than that of the municipality where they live.
    func searchScreenings(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let book = try ledger.rules.current()
            let forms = book.screenings.of(compartment)
            let opening = forms.all.reduce(into: Set()) { $0.formUnion($1.consentKinds(book)) }
            let party = asking.caller.party
            // What is sensitive is never printed.
            let form = try await asking.request.searchForm(
                only: compartment == .open
                    ? ["subject", "visit", "identifier"] : ["subject", "visit"])
            let visitID = try form.required("visit")
            let patientID = try form.patientID("subject")
            let ticket = try form["identifier"].map { code in
                try ScreeningTicket(code, item: "identifier")
            }
            let page = asking.request.page()
            let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
                let visit = try records.fieldVisit(
                    visitID, of: patientID, item: "subject", opening: opening, rules: book)
                guard visit.term.isOpen(at: records.now) else { throw Refusal.visitEnded }
                let agreed = opening.filter { visit.consents.contains($0.code) }
                let shown = forms.shown(under: agreed, book)
                let today = records.now.dayInJapan
                let home = try records.seasonHome(of: visit.person, on: today, shown)
                let saved =
                    agreed.isEmpty
                    ? []
                    : try ticket.map { [try records.screening(by: $0, of: visit.person, shown)] }
                        ?? records.submittedScreenings(
                            of: visit.person, to: shown.ofSeason(on: today, in: home),
                            in: compartment, rules: book)
                records.enter(
                    visit.person, visit: visit.visit,
                    basis: saved.map { "\($0.id.text)/\($0.newest.version)" }
                        .joined(separator: " "))
                return renderScreenings(
                    saved.map { named($0, for: party) }, of: patientID, isScored: true,
                    page: page)
            }
            return .fhir(.ok, bytes)
        }
    }

    private func named(_ held: HeldScreening, for party: Party) -> ScreeningVersion {
        held.newest.named(pairwise(held.id, for: party).current)
    }

    /// Throws `.malformed` for a form of the other compartment.
    private func saved(
        _ asking: Asking, in compartment: CheckupCompartment, _ book: RuleBook,
        _ save:
            @escaping @Sendable (inout Records, SubmittedResponse, PersonKey) throws ->
            SavedScreening
    ) async throws -> Response {
        let party = asking.caller.party
        let body = try await asking.request.body(.json, atMost: BodyLimits.vaccinationBytesMax)
        let sent = try SubmittedResponse(
            reading: Array(body.readableBytesView), book.screenings.of(compartment))
        let ((saved, _), bytes) = try await own(
            asking,
            as: { [self] (answer: (saved: SavedScreening, patientID: String)) in
                named(answer.saved.held, for: party).render(as: answer.patientID)
            }
        ) { [self] records, person, patient in
            guard try isKnown(sent.patientID, as: person, to: party, &records) else {
                throw Refusal.patientDiffers("subject.reference")
            }
            return (try save(&records, sent, person), patient.current)
        }
        let isCreated = saved.isNew && saved.held.newest.version == 1
        var response = Response.fhir(isCreated ? .created : .ok, bytes)
        response.headers[.eTag] = "W/\"\(saved.held.newest.version)\""
        response.headers[.location] =
            "\(compartment.basePath)/QuestionnaireResponse/"
            + pairwise(saved.held.id, for: party).current
        return response
    }
}

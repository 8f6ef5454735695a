import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 予診票の回答: https://hl7.org/fhir/R4/questionnaireresponse.html. The resident saves a draft and submits it at
/// home; the clinic reads what was submitted within a visit. Nobody but the resident sees a draft.
extension GatewayParts {
    /// `POST /fhir/QuestionnaireResponse`: 201 for new answers, 200 for the same again.
    func saveScreening(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        return try await saved(asking, rules) { records, sent, person in
            try records.saveScreening(sent, of: person, rules)
        }
    }

    /// `PUT /fhir/QuestionnaireResponse/{id}` with `If-Match`: a later version, submitted or not.
    func saveScreeningAgain(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        let id = try asking.context.parameters.require("id")
        _ = try asking.residentToken()  // Who asks, before how.
        let seen = try asking.request.versionSeen()
        let names = names(for: asking.caller.party)
        return try await saved(asking, rules) { records, sent, person in
            try records.saveScreening(
                sent, seen: seen, named: id, of: person, rules, names)
        }
    }

    /// `GET /fhir/QuestionnaireResponse`: the resident's own, drafts among them.
    func readOwnScreenings(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        let page = asking.request.page()
        let party = asking.caller.party
        return try await own(asking) { [self] records, person, patient in
            renderScreenings(
                try records.screenings(of: person, rules).map { named($0, for: party) },
                of: patient, page: page)
        }
    }

    /// 前回の回答: `GET /fhir/Questionnaire/{id}/$populate`, a draft with what the resident answered last time
    /// to the same questions, but for what is of one day.
    func populateQuestionnaire(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        let form = try form(asking.context)
        return try await own(asking) { records, person, patient in
            let last = try records.submittedScreenings(of: person, rules).last {
                $0.newest.response.form.questionnaire.code == form.questionnaire.code
            }
            let draft =
                last?.newest.response.reused(in: form)
                ?? ScreeningResponse(form: form, status: .draft, authored: nil, answers: [])
            return draft.renderPopulated(of: patient)
        }
    }

    /// `POST /fhir/QuestionnaireResponse/_search` of an institution, for a patient of an open visit: the
    /// newest submitted answers for each vaccine. Of one who did not agree, none.
    func searchScreenings(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        let rules = try immunizationRules()
        let party = asking.caller.party
        let form = try await asking.request.searchForm(only: ["subject", "visit"])
        let visitID = try form.required("visit")
        let patientID = try form.patientID("subject")
        let page = asking.request.page()
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let visit = try records.vaccinationVisit(
                visitID, of: patientID, item: "subject", rules: book)
            guard visit.term.isOpen(at: records.now) else { throw Refusal.visitEnded }
            let saved =
                visit.isConsented
                ? try records.submittedScreenings(of: visit.person, rules) : []
            records.enter(
                visit.person, visit: visit.visit,
                basis: saved.map { "\($0.id.text)/\($0.newest.version)" }.joined(separator: " "))
            return renderScreenings(
                saved.map { named($0, for: party) }, of: patientID, page: page)
        }
        return .fhir(.ok, bytes)
    }

    private func named(_ held: HeldScreening, for party: Party) -> ScreeningVersion {
        held.newest.named(pairwise(held.id, for: party).current)
    }

    private func saved(
        _ asking: Asking, _ rules: ImmunizationRules,
        _ save:
            @escaping @Sendable (inout Records, ScreeningResponse, PersonKey) throws ->
            SavedScreening
    ) async throws -> Response {
        let party = asking.caller.party
        let body = try await asking.request.body(.json, atMost: BodyLimits.vaccinationBytesMax)
        let sent = try SubmittedResponse(reading: Array(body.readableBytesView), rules)
        let ((saved, _), bytes) = try await own(
            asking,
            as: { [self] (answer: (saved: SavedScreening, patientID: String)) in
                named(answer.saved.held, for: party).render(as: answer.patientID)
            }
        ) { records, person, patient in
            guard patient.contains(sent.patientID) else {
                throw Refusal.malformed("subject.reference")
            }
            return (try save(&records, sent.response, person), patient.current)
        }
        let isCreated = saved.isNew && saved.held.newest.version == 1
        var response = Response.fhir(isCreated ? .created : .ok, bytes)
        response.headers[.eTag] = "W/\"\(saved.held.newest.version)\""
        response.headers[.location] =
            "/fhir/QuestionnaireResponse/\(pairwise(saved.held.id, for: party).current)"
        return response
    }
}

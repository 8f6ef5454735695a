/// `$immds-forecast` (HL7 Immunization Decision Support Forecast) as it is asked: the standard's own
/// parameters, and `visit` from an institution. Of `patient` only the id is read: birth and sex are the
/// register's, never the question's.
package struct ForecastRequest: Hashable, Sendable {
    /// Only an institution asks within a visit.
    package let visitID: String?
    package let patientID: String
    package let assessed: CalendarDay
    /// Doses that the gateway may not know.
    package let history: [NeedleDose]

    package init(
        visitID: String?, patientID: String, assessed: CalendarDay, history: [NeedleDose] = []
    ) {
        self.visitID = visitID
        self.patientID = patientID
        self.assessed = assessed
        self.history = history
    }

    package init(reading body: [UInt8], _ rules: ImmunizationRules) throws(Refusal) {
        let resource = try JSONObject(resource: body)
        try JSON.object(resource).refuseIndividualNumbers()
        try resource.refuseModifiers()
        let given = try Parameters(
            reading: resource, only: ["assessmentDate", "patient", "immunization", "visit"])
        let visit = try given.one("visit")
        let patient = try given.required("patient")
        let id = try patient.resource("Patient").requiredString(
            "id", at: patient.path + ".resource")
        guard FHIR.isID(id) else { throw .malformed(patient.path + ".resource.id") }
        self.init(
            visitID: try visit.map { entry throws(Refusal) in try NeedleRequest.visitID(entry) },
            patientID: id, assessed: try given.required("assessmentDate").day(),
            history: try NeedleRequest.history(given, rules))
    }
}

/// One dose of a history with the judgement of it.
package struct EvaluatedDose: Hashable, Sendable {
    /// `Immunization/<id>` as its reader knows it.
    package let reference: String
    package let dose: GivenDose
    package let answer: NeedleAnswer

    package init(reference: String, dose: GivenDose, answer: NeedleAnswer) {
        self.reference = reference
        self.dose = dose
        self.answer = answer
    }
}

/// The answer of `$immds-forecast`: an evaluation for each dose, and the recommendation unless nothing
/// more is forecast.
package struct ForecastReport: Hashable, Sendable {
    package let patientID: String
    package let assessed: CalendarDay
    package let doses: [EvaluatedDose]
    package let forecasts: [VaccinationForecast]

    package init(
        patientID: String, assessed: CalendarDay, doses: [EvaluatedDose],
        forecasts: [VaccinationForecast]
    ) {
        self.patientID = patientID
        self.assessed = assessed
        self.doses = doses
        self.forecasts = forecasts
    }

    package func render(_ rules: ImmunizationRules) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { answer in
            answer.member("resourceType", "Parameters")
            guard !doses.isEmpty || !forecasts.isEmpty else { return }
            answer.array("parameter") { list in
                for dose in doses {
                    list.parameter("evaluation") {
                        $0.name("resource")
                        writeEvaluation(of: dose, to: &$0, rules)
                    }
                }
                guard !forecasts.isEmpty else { return }
                list.parameter("recommendation") {
                    $0.name("resource")
                    writeRecommendation(to: &$0, rules)
                }
            }
        }
        return writer.bytes
    }

    /// The ImmunizationRecommendation alone, under the resident's own id, as each has one; none when nothing
    /// is forecast, since it must hold something.
    package func searchset(_ rules: ImmunizationRules, page: SearchPage) -> [UInt8] {
        guard !forecasts.isEmpty else { return renderSearchset([], page: page) }
        var writer = JSONWriter(reservingBytes: 2048)
        writeRecommendation(to: &writer, id: patientID, rules)
        let reference = "ImmunizationRecommendation/" + patientID
        return renderSearchset(
            [SearchEntry(reference: reference, resource: writer.bytes)], page: page)
    }
}

/// `references` name the doses that are held, in their order (`Immunization/<id>`).
package func forecastVaccinations(
    _ request: ForecastRequest, of person: NeedlePerson, references: [String],
    _ rules: ImmunizationRules
) -> ForecastReport {
    let told = person.added(by: request.history, rules)
    let history = person.held + told
    let names = references + told.indices.map { "#told-\($0 + 1)" }
    let answers = judgeHistory(
        birth: person.birth, sex: person.sex, pregnancies: person.pregnancies, history: history,
        longIllnesses: person.longIllnesses, rules)
    let doses = history.indices.map { place in
        EvaluatedDose(
            reference: place < names.count ? names[place] : "#held-\(place + 1)",
            dose: history[place], answer: answers[place])
    }
    return ForecastReport(
        patientID: request.patientID, assessed: request.assessed, doses: doses,
        forecasts: forecastVaccinations(
            birth: person.birth, sex: person.sex,
            dueDay: person.pregnancies.dueDay(awaitedOn: request.assessed), history: history,
            today: request.assessed, seasons: person.seasons,
            longIllnesses: person.longIllnesses, rules))
}

import Exchange

/// 妊娠届・出生の届出と事後措置: what a municipality sends, and what it is asked to do.
extension OpenAPI {
    static let maternalOffice: [Operation] =
        [
            Operation(
                method: .post, path: "/maternal-health/registration-tasks",
                id: "postMaternalNotificationTasks", field: "registration",
                ja: "妊娠届・出生の届出を登録する",
                en:
                    "One row for each pregnancy or child, sent again to correct it: a date moved, "
                    + "twins, a delivery. Tickets (受診券) follow from it by the rules.",
                token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
                body: .json(
                    .list(of: .reference("MaternalNotificationRow")).most(10_000), rowsExample),
                answers: [
                    .json(202, .reference("RegistrationReceipt"), "The task, with its counts.")
                ],
                refusals: registrationRefusals),
            Operation(
                method: .get, path: "/maternal-health/registration-tasks/:taskId",
                id: "getMaternalNotificationTask", field: "registration",
                ja: "妊娠届・出生の届出の登録の結果を行ごとに読む", en: "As for subsidies.",
                token: .officeIfAny, parameters: [.taskID, .operatorID],
                answers: [.json(200, .reference("RegistrationReport"), "The report.")],
                refusals: reportRefusals),
        ] + CheckupCompartment.allCases.flatMap(followUps)

    private static func followUps(_ compartment: CheckupCompartment) -> [Operation] {
        let path = compartment.basePath + "/Task"
        let isOpen = compartment == .open
        let name = isOpen ? "" : "Sensitive"
        let (ja, en) =
            isOpen ? ("", "") : ("(特に慎重に扱う項目)", " Those that follow from sensitive items alone.")
        return [
            Operation(
                method: .get, path: path, id: "read\(name)FollowUps", field: "follow-ups",
                ja: "健診のあとの支援で、まだ終わっていないもの、または答えたものを読む\(ja)",
                en:
                    "What waits for this municipality, the most urgent first, or, by `status`, what it "
                    + "answered, with its note.\(en)",
                token: .officeIfAny,
                parameters: [Self.standing, .entryCount, .entryOffset, .operatorID],
                answers: [.fhir(.reference("Bundle"), "A searchset of Task.")],
                refusals: Refusals.ofSeveralPeople + Refusals.ofAccess + Refusals.ofOfficeToken + [
                    .malformed("status"), .rulesUnknown,
                ]),
            Operation(
                method: .put, path: path + "/:id", id: "answer\(name)FollowUp",
                field: "follow-ups", ja: "健診のあとの支援がどうなったかを答える\(ja)",
                en: "How it stands now; every answer is a version, and none is overwritten.",
                token: .officeIfAny, parameters: [.id, .seenVersion, .operatorID],
                body: .fhir(.reference("Task"), taskExample),
                answers: [.fhir(.reference("Task"), "The task as it now is.")],
                refusals: Refusals.ofCorrection + Refusals.ofItems + Refusals.ofAccess
                    + Refusals.ofOfficeToken + [
                        .individualNumberNotAllowed("note[0].text"), .recordUnknown,
                        .versionPassed, .rulesUnknown,
                    ]),
        ]
    }

    private static let standing = Operation.Parameter(
        name: "status", place: .query, schema: .text.pattern("^[a-z-]+(,[a-z-]+)*$"),
        note: "読む状態をコンマで区切る: requested, in-progress, completed, failed。省くと、まだ終わっていないもの。 / "
            + "How they stand, with commas between. Without it, what still waits.")

    private static let taskExample = #"""
        {"resourceType": "Task", "status": "completed",
         "note": [{"text": "6月20日に訪問し、精密健康診査受診票を渡した。"}]}
        """#

    /// The numbers are published samples of a check digit; the persons are invented.
    private static let rowsExample = #"""
        [{"myNumber": "123456789018", "notificationKey": "P-2026-0001",
          "notificationKind": "pregnancy", "notifiedOn": "2026-06-15",
          "expectedDate": "2027-01-20", "fetuses": 1},
         {"myNumber": "123456789018", "notificationKey": "C-2026-0001",
          "notificationKind": "child", "notifiedOn": "2026-06-15", "dateOfBirth": "2026-06-01"}]
        """#

    /// 体重、身長と判定: what a report of an infant's checkup contains.
    static func bodyExample(weight: String, height: String) -> String {
        #"""
        "contained": [
           {"resourceType": "Observation", "id": "weight", "status": "final",
            "code": {"coding": [{"system": "urn:tsunagi:CodeSystem:checkup-item", "code": "weight"}]},
            "valueQuantity": {"value": \#(weight), "unit": "kg", "system": "http://unitsofmeasure.org",
                              "code": "kg"}},
           {"resourceType": "Observation", "id": "height", "status": "final",
            "code": {"coding": [{"system": "urn:tsunagi:CodeSystem:checkup-item", "code": "height"}]},
            "valueQuantity": {"value": \#(height), "unit": "cm", "system": "http://unitsofmeasure.org",
                              "code": "cm"}},
           {"resourceType": "Observation", "id": "judgement", "status": "final",
            "code": {"coding": [{"system": "urn:tsunagi:CodeSystem:checkup-item",
                                 "code": "child-judgement"}]},
            "valueCodeableConcept": {"coding": [
              {"system": "urn:tsunagi:CodeSystem:checkup-answer:child-judgement",
               "code": "healthy"}]}}]
        """#
    }

    static let reportExample = #"""
        {"resourceType": "DiagnosticReport",
         \#(bodyExample(weight: "6.42", height: "62.5")),
         "extension": [
           {"url": "urn:tsunagi:StructureDefinition:visit",
            "valueString": "0f8fad5b-d9cb-469f-a165-70867728950e"}],
         "identifier": [{"system": "https://clinic.example/checkup", "value": "ck-0001"}],
         "status": "final",
         "code": {"coding": [{"system": "urn:tsunagi:CodeSystem:checkup", "code": "infant-3-4m"}]},
         "subject": {"reference": "Patient/pw-0001"},
         "effectiveDateTime": "2026-06-15T09:50:00+09:00",
         "performer": [{"display": "見本 医師"}],
         "result": [{"reference": "#weight"}, {"reference": "#height"},
                    {"reference": "#judgement"}]}
        """#

    static let sensitiveExample = #"""
        {"resourceType": "DiagnosticReport",
         "contained": [
           {"resourceType": "Observation", "id": "epds", "status": "final",
            "code": {"coding": [{"system": "urn:tsunagi:CodeSystem:checkup-item",
                                 "code": "epds-total"}]},
            "valueQuantity": {"value": 4, "unit": "{score}", "system": "http://unitsofmeasure.org",
                              "code": "{score}"}}],
         "extension": [
           {"url": "urn:tsunagi:StructureDefinition:visit",
            "valueString": "0f8fad5b-d9cb-469f-a165-70867728950e"}],
         "identifier": [{"system": "https://clinic.example/checkup", "value": "ck-0002"}],
         "status": "final",
         "code": {"coding": [{"system": "urn:tsunagi:CodeSystem:checkup", "code": "postpartum-2w"}]},
         "subject": {"reference": "Patient/pw-0001"},
         "effectiveDateTime": "2026-06-15T09:50:00+09:00",
         "result": [{"reference": "#epds"}]}
        """#
}

import Exchange

/// 災害時: a declaration by two officers, visits without a card while it stands, and their review.
extension OpenAPI {
    static let emergencyVisits: [Operation] = [
        Operation(
            method: .post, path: "/visits/emergency", id: "openEmergencyVisit", field: "visits",
            ja: "災害の宣言の間、カードによらず受付する",
            en:
                "By name, birth date and sex, of a resident of the declared area, at an institution in it. "
                + "The visit answers the emergency kinds alone (profiles/access/emergency.json). "
                + "`Tsunagi-Operator` is required; the resident is told, and the municipality reviews each "
                + "visit. The same bytes sent again while it is open get the same visit (200). "
                + "Without a declaration it is refused alike whoever is asked about.",
            parameters: [.operatorID], body: .json(.reference("EmergencyVisit"), visit),
            answers: [.json(201, .reference("Visit"), "The visit."), .repeatedVisit],
            refusals: Refusals.ofItems + Refusals.ofAccess + [
                .individualNumberNotAllowed("reason"), .noDisaster, .emergencyNotConfirmed,
                .emergencyTooMany, .rulesUnknown,
            ])
    ]

    static let emergencies: [Operation] = [
        Operation(
            method: .post, path: "/disasters", id: "proposeDisaster", field: "emergencies",
            ja: "災害の宣言を起案する",
            en:
                "Opens nothing until another officer confirms. `areas` are municipality codes: a "
                + "municipality's own, or a prefecture's municipalities.",
            token: .officeIfAny, parameters: [.operatorID],
            body: .json(.reference("DisasterProposal"), proposal),
            answers: [.json(201, .reference("Disaster"), "The proposal.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofOfficeToken + [
                .tooMany("areas"), .individualNumberNotAllowed("reason"), .zoneMissing("endsAt"),
                .areaNotYours, .termTooLong, .rulesUnknown,
            ]),
        Operation(
            method: .get, path: "/disasters", id: "listDisasters", field: "emergencies",
            ja: "区域に関わる災害の宣言を読む", en: "Those that touch the office's area, newest first.",
            token: .officeIfAny, parameters: [.operatorID],
            answers: [
                .json(
                    200,
                    .object([.required("disasters", .list(of: .reference("Disaster")))]),
                    "The list.")
            ],
            refusals: Refusals.ofAccess + Refusals.ofOfficeToken),
        Operation(
            method: .post, path: "/disasters/:id/confirm", id: "confirmDisaster",
            field: "emergencies", ja: "別の職員が、災害の宣言を確認する",
            en:
                "By another operator with another certificate than the proposal's; in force at once.",
            token: .officeIfAny, parameters: [.id, .operatorID],
            answers: [.json(200, .reference("Disaster"), "The declaration.")],
            refusals: settling + [.areaNotYours, .secondPersonNeeded]),
        Operation(
            method: .post, path: "/disasters/:id/end", id: "endDisaster", field: "emergencies",
            ja: "災害の宣言を終わらせる",
            en:
                "By the office that declared or the one that confirmed; effective with the next request. "
                + "Visits that are open end by themselves with the day.",
            token: .officeIfAny, parameters: [.id, .operatorID],
            answers: [.json(200, .reference("Disaster"), "As it ended.")], refusals: settling),
        Operation(
            method: .get, path: "/emergency-reviews", id: "readEmergencyReviews",
            field: "emergencies", ja: "災害時の受付のうち、確認が済んでいないものを読む",
            en:
                "The most urgent first. A prefecture sees those of its municipalities that are overdue. "
                + "Everybody shown is on the record.",
            token: .officeIfAny,
            parameters: [
                .init(
                    name: "count", place: .query,
                    schema: .integer.range(1...PageLimits.entriesMax),
                    note: "件数 / How many; \(PageLimits.entriesDefault) without it."),
                .operatorID,
            ],
            answers: [.json(200, .reference("EmergencyReviews"), "What waits.")],
            refusals: Refusals.ofAccess + Refusals.ofOfficeToken + [.malformed("count")]),
        Operation(
            method: .post, path: "/emergency-reviews/:id", id: "answerEmergencyReview",
            field: "emergencies", ja: "災害時の受付が必要だったかを答える", en: "Given once.",
            token: .officeIfAny, parameters: [.id, .operatorID],
            body: .json(
                .object([
                    .required("verdict", .codes(["justified", "not-justified"])),
                    .required("word", .text.longest(200)),
                ]), #"{"verdict": "justified", "word": "避難所での診療を確認"}"#),
            answers: [.nothing("It is answered.")],
            refusals: Refusals.ofID + Refusals.ofItems + Refusals.ofAccess
                + Refusals.ofOfficeToken + [
                    .individualNumberNotAllowed("word"), .recordUnknown, .alreadySettled,
                ]),
    ]

    private static let settling =
        Refusals.ofID + [.missing("Tsunagi-Operator")] + Refusals.ofAccess
        + Refusals.ofOfficeToken + [.recordUnknown, .alreadySettled]

    static let emergencySchemas: [(name: String, schema: Schema)] = [
        (
            "EmergencyVisit",
            .object([
                .required("name", .text.longest(100).note("漢字またはカナの氏名")),
                .required("birthDate", .day),
                .required("sex", .codes(["1", "2"]).note("1 男, 2 女")),
                .required("reason", .text.longest(200)),
            ])
        ),
        (
            "DisasterProposal",
            .object([
                .required("areas", .list(of: .text.pattern("^[0-9]{6}$")).most(200)),
                .required("reason", .text.longest(200)), .optional("beginsAt", .instant),
                .required("endsAt", .instant),
            ])
        ),
        (
            "Disaster",
            .object([
                .required("id", .id),
                .required("status", .codes(["proposed", "standing", "ended", "over"])),
                .required("areas", .list(of: .text)), .required("reason", .text),
                .required("beginsAt", .instant), .required("endsAt", .instant),
                .required("proposedBy", .text), .optional("confirmedBy", .text),
            ])
        ),
        (
            "EmergencyReviews",
            .object([
                .required(
                    "reviews",
                    .list(
                        of: .object([
                            .required("id", .id), .required("patient", .text),
                            .optional("name", .text), .optional("birthDate", .text),
                            .required("municipality", .text), .required("institution", .text),
                            .required("operator", .text), .required("reason", .text),
                            .required("openedAt", .instant), .required("dueAt", .instant),
                            .required("overdue", .boolean),
                        ])))
            ])
        ),
    ]

    private static let visit = #"""
        {"name": "見本　花子", "birthDate": "1950-05-05", "sex": "2", "reason": "避難所。持参薬なし"}
        """#

    private static let proposal = #"""
        {"areas": ["132101"], "reason": "令和8年6月の地震", "endsAt": "2026-06-20T00:00:00+09:00"}
        """#
}

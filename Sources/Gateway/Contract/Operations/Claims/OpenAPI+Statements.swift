import Exchange

/// 突合: what both sides hold, proved.
extension OpenAPI {
    static let statements: [Operation] = StatementField.allCases.flatMap { field -> [Operation] in
        let path = "/statements/\(field.rawValue)"
        return [
            Operation(
                method: .get, path: path, id: "read\(field.id)Statement", field: "statements",
                ja: "\(field.ja)の保有の証明を読む",
                en:
                    "The newest signed statement of what the gateway holds of the body: counts, and the root "
                    + "of a tree over its rows (C2SP signed-note). One is made each day."
                    + field.compared,
                token: .officeIfAny, parameters: [.operatorID],
                answers: [.json(200, .reference("HoldingStatement"), "The statement.")],
                refusals: Refusals.ofAccess + Refusals.ofOfficeToken + [.rulesUnknown, .overloaded]),
            Operation(
                method: .post, path: path, id: "make\(field.id)Statement", field: "statements",
                ja: "今この時点の\(field.ja)の保有の証明を作る",
                en: "Makes and returns a statement of this moment.",
                token: .officeIfAny, parameters: [.operatorID],
                answers: [.json(200, .reference("HoldingStatement"), "The statement.")],
                refusals: Refusals.ofAccess + Refusals.ofOfficeToken + [.rulesUnknown, .overloaded]),
            Operation(
                method: .post, path: "\(path)/compare", id: "compare\(field.id)Statement",
                field: "statements", ja: "\(field.ja)の違いを一段ずつ探す",
                en:
                    "One step down the tree of a statement: the sixteen branches of a node or, for a bucket "
                    + "with the body's own rows in it, the first that differs. A row that is named is on "
                    + "the record of whom it is about. `tsunagi statement compare` asks all of it.",
                token: .officeIfAny, parameters: [.operatorID],
                body: .json(.reference("StatementQuestion"), question),
                answers: [.json(200, .reference("StatementAnswer"), "The answer.")],
                refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofOfficeToken + [
                    .recordUnknown, .tooMany("rows"),
                ]),
        ]
    }

    static let statementSchemas: [(name: String, schema: Schema)] = [
        (
            "HoldingStatement",
            .object([
                .required("statement", .id),
                .required("note", .text.note("C2SP signed-note: the statement and its signature.")),
                .optional(
                    "salt",
                    hash.note(
                        "特に慎重に扱う項目の行のハッシュの塩 / What rows of sensitive findings are hashed with.")
                ),
            ])
        ),
        (
            "StatementQuestion",
            .object([
                .required("statement", .id), .required("level", .integer.range(0...5)),
                .required("node", .integer),
                .optional(
                    "rows",
                    .list(
                        of: .object([.required("key", hash), .required("content", hash)])
                    ).most(400)),
            ])
        ),
        (
            "StatementAnswer",
            .openObject([
                .optional("branches", .list(of: hash)), .optional("difference", .anyObject),
            ])
        ),
    ]

    private static var hash: Schema { .text.pattern("^[0-9a-f]{64}$") }

    private static let question = #"""
        {"statement": "019a0000-0000-7000-8000-000000000001", "level": 0, "node": 0}
        """#
}

extension StatementField {
    fileprivate var id: String {
        switch self {
        case .subsidy: "Subsidy"
        case .checkupTargets: "CheckupTarget"
        case .vaccinationTargets: "VaccinationTarget"
        case .checkupTickets: "CheckupTicket"
        case .checkupResults: "CheckupResult"
        case .sensitiveCheckupResults: "SensitiveCheckupResult"
        case .guardianships: "Guardianship"
        case .residenceMoves: "ResidenceMove"
        case .schemeMasters: "SchemeMaster"
        }
    }

    fileprivate var ja: String {
        switch self {
        case .subsidy: "受給資格"
        case .checkupTargets: "検診対象者"
        case .vaccinationTargets: "予防接種対象者"
        case .checkupTickets: "受診券"
        case .checkupResults: "集団健診の結果"
        case .sensitiveCheckupResults: "集団健診の特に慎重に扱う項目"
        case .guardianships: "保護者・後見"
        case .residenceMoves: "住民異動"
        case .schemeMasters: "制度マスタ"
        }
    }

    /// What of the rows is compared, where a list alone does not say it.
    fileprivate var compared: String {
        switch self {
        case .sensitiveCheckupResults:
            " Rows are hashed with a salt that is the statement's own (HMAC-SHA256), because so little is "
                + "said by one that its plain hash would tell it. The day of consent is compared too."
        case .guardianships:
            " Rows are named by the municipality's own keys: as its file had them or, of those who came by "
                + "individual numbers, as it last registered them. An end is compared as its day."
        case .residenceMoves:
            " Events are named by their sequence. What they say of names and addresses is not compared, nor "
                + "which record a merge absorbs."
        case .schemeMasters:
            " Rows are the certificate types and codes that stand in the body's newest rules, about "
                + "nobody. Compare a whole list that leaves nothing empty: priority, kind of consent, "
                + "designation and law number are compared, English names are not."
        default: ""
        }
    }
}

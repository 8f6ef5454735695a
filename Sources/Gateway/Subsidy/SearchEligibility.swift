import Exchange
import Hummingbird
import Ledger

/// 自機関への回答の検索: `POST /fhir/CoverageEligibilityResponse/_search`, and of the request alike, by visit, patient
/// and day. Each is the replay that reading it would be, so that what is listed is proved to be what was
/// told. Oldest first; the same body goes to `next`. Every resident shown is on the record.
extension GatewayParts {
    func searchEligibilityResponses(_ asking: Asking) async throws -> Response {
        try await searchChecks(asking, for: "CoverageEligibilityResponse", as: \.body)
    }

    func searchEligibilityRequests(_ asking: Asking) async throws -> Response {
        try await searchChecks(asking, for: "CoverageEligibilityRequest", as: \.asked)
    }

    private func searchChecks(
        _ asking: Asking, for type: String,
        as bytes: @escaping @Sendable (ReplayedAnswer) -> [UInt8]
    ) async throws -> Response {
        let form = try await asking.request.searchForm(
            only: CheckSearch.parameters, repeating: ["created"])
        let search = try CheckSearch(form, from: asking.request.text("_cursor"))
        let base = asking.request.base
        let path = asking.request.origin + asking.request.uri.path
        let (_, shown) = try await asking.answer(as: \.self) { [shelf = ledger.rules] records in
            let page = try records.answeredChecks(search)
            var entries: [SearchEntry] = []
            for id in page.checks {
                let replay = try records.replay(of: id)
                let rules = try shelf.kept(replay.basis.rulesVersion).subsidy
                let answer = try ReplayedAnswer(replay, rules, onlyOf: nil)
                entries.append(
                    SearchEntry(reference: "\(type)/\(id.text)", resource: bytes(answer)))
            }
            return renderSearchset(
                entries,
                page: SearchPage(
                    base: base, selfLink: path,
                    nextLink: page.next.map { "\(path)?_cursor=\($0.text)" }, isCounted: false))
        }
        return .fhir(.ok, shown)
    }
}

extension CheckSearch {
    static let parameters: Set = ["patient", "visit", "created", "_count"]

    /// Throws `.missing("created")` where nothing narrows the search: nobody means all that was ever told.
    init(_ form: SearchForm, from cursor: String?) throws(Refusal) {
        self.init(count: try form.count())
        (from, before) = try form.days("created")
        if form["patient"] != nil { patient = try form.patientID("patient") }
        if let text = form["visit"] { visit = try RecordID(text, item: "visit") }
        guard patient != nil || visit != nil || from != nil || before != nil else {
            throw .missing("created")
        }
        if let cursor { self.cursor = try CheckCursor(text: cursor) }
    }
}

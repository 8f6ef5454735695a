import Exchange
import Hummingbird
import Ledger

/// 記録の検索: `POST /fhir/AuditEvent/_search` (https://hl7.org/fhir/R4/auditevent.html#search), IHE BALP,
/// for municipalities, prefectures and auditors. Residents, visits and entries go by ids that no other
/// party has. Oldest first; the same body goes to `next`. Every resident shown is on the record.
extension GatewayParts {
    func searchAccessLog(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let rules = try ledger.rules.current()
        guard let visible = rules.log?.municipalPurposes else { throw Refusal.rulesUnknown }
        let form = try await asking.request.searchForm(
            only: LogSearch.parameters, repeating: ["date"])
        let search = try LogSearch(
            form, from: asking.request.text("_cursor"), of: party)
        let base = asking.request.base
        let path = asking.request.origin + asking.request.uri.path
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let found = try records.searchLog(search, showing: visible)
            let lines = try found.entries.map { entry in
                LogLine.shown(
                    try view(
                        entry, for: party, withholding: entry.withholding?.mark(rules)))
            }
            let page = SearchPage(
                base: base, selfLink: path,
                nextLink: found.next.map { "\(path)?_cursor=\($0.text)" }, isCounted: false)
            return renderAuditEvents(lines, purposes: rules.purposes, page: page)
        }
        return .fhir(.ok, bytes)
    }

    /// An entry by ids that this party alone has.
    func view(
        _ found: FoundEntry, for party: Party, withholding: WithholdingMark? = nil
    ) throws -> AccessEntryView {
        try AccessEntryView(
            found.entry,
            of: (
                try name(of: found.entry.id, for: party).text,
                found.entry.visit.map { pairwise($0, for: party).current },
                found.entry.person.map { pairwise($0, for: party).current },
                found.entry.representative.map { pairwise($0, for: party).current }
            ),
            partyName: found.partyName, place: .position(found.position),
            withholding: withholding)
    }
}

extension LogSearch {
    static let parameters: Set = [
        "date", "purpose", "outcome", "address", "patient.identifier", "_count",
    ]

    /// Throws `.unknownItem("patient.identifier")` for whoever registers nobody under a key of theirs.
    init(_ form: SearchForm, from cursor: String?, of party: Party) throws(Refusal) {
        self.init(count: try form.count())
        (from, before) = try form.days("date")
        if let code = form["purpose"] {
            guard let purpose = Purpose(rawValue: code) else { throw .malformed("purpose") }
            self.purpose = purpose
        }
        if let outcome = form["outcome"] {
            guard ["0", "4"].contains(outcome) else { throw .malformed("outcome") }
            isGranted = outcome == "0"
        }
        if let address = form["address"] {
            do throws(Refusal) { agent = try Party(uri: address) } catch {
                throw .malformed("address")
            }
        }
        identityKey = try form.identityKey("patient.identifier")
        guard identityKey == nil || party.role == .municipality else {
            throw .unknownItem("patient.identifier")
        }
        if let cursor { self.cursor = try LogCursor(text: cursor) }
    }
}

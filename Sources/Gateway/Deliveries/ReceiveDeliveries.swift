import Exchange
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore

/// 連携の受領: `GET /deliveries/{field}`, what happened since, to the municipality, prefecture or
/// institution it concerns and to nobody else. The lines after `_cursor`, by which the reader says
/// that it has received all up to it; without one, those after the last that it said so of. At
/// least once, in one order. A Bundle, or CSV with `Accept: text/csv`. `GET /fhir/Immunization` is
/// the same line of vaccinations at its place in FHIR.
extension GatewayParts {
    func deliveryRoutes(on listener: Listener) -> [Route] {
        DeliveryField.allCases.filter { $0.listener == listener }.map { field in
            route(
                .get, "/deliveries/\(field.rawValue)", for: field.purpose, handle: receive(field))
        }
    }

    func receive(_ field: DeliveryField) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let (party, request) = (asking.caller.party, asking.request)
            let rules = try ledger.rules.current()
            // At its place in FHIR a line is asked for as a search.
            if request.uri.path.hasPrefix("/fhir/") { try request.refusePersons() }
            let range = try request.deliveryRange()
            guard let characters = try request.tableCharacters() else {
                let (base, path) = (request.base, request.origin + request.uri.path)
                let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
                    let received = try records.receive(
                        field, after: range.cursor, limit: range.count, rules: rules)
                    let page = SearchPage(
                        base: base, selfLink: path + range.query(from: range.cursor),
                        nextLink: received.last.map { path + range.query(from: $0) },
                        isCounted: false)
                    return renderSearchset(
                        try received.lines.map { try line($0, for: party).entry(rules) },
                        page: page)
                }
                return .fhir(.ok, bytes)
            }
            let (answer, bytes) = try await asking.answer(as: { $0.bytes }) {
                [self] records -> (next: Int?, bytes: [UInt8]) in
                let received = try records.receive(
                    field, after: range.cursor, limit: range.count, rules: rules)
                var table = DeliveryTable(field, characters)
                for line in received.lines { table.add(self.line(line, for: party)) }
                return (next: received.last, bytes: table.bytes)
            }
            return .table(
                bytes, characters.encoding,
                next: answer.next.map { request.uri.path + range.query(from: $0) })
        }
    }

    /// `POST /fhir/Immunization/_search` with `patient.identifier`: what the municipality now holds of one
    /// resident, whom it names by its own key (宛名番号), and the history of one who moved in.
    func searchVaccinationLines(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let rules = try ledger.rules.current()
        let form = try await asking.request.searchForm(only: ["patient.identifier"])
        guard let key = try form.identityKey("patient.identifier") else {
            throw Refusal.missing("patient.identifier")
        }
        let page = asking.request.page()
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let held = try records.vaccinationLines(ofKey: key, rules: rules)
            return renderSearchset(
                try held.lines.map { try line($0, for: party).entry(rules) }
                    + held.history.map { entry($0, known: held.identityKey, for: party) },
                page: page)
        }
        return .fhir(.ok, bytes)
    }

    private func entry(
        _ held: HeldVaccination, known identityKey: String, for party: Party
    ) -> SearchEntry {
        let id = pairwise(held.id, for: party).current
        let patient = resident(held.person, known: identityKey, to: party)
        return SearchEntry(
            reference: "Immunization/" + id,
            resource: held.newest.renderHistory(id: id, of: patient))
    }

    /// A resident under the municipality's own id and, where it registered one, its key.
    func resident(
        _ person: PersonKey, known identityKey: String?, to party: Party
    ) -> ShownPatient {
        ShownPatient(
            id: pairwise(person, for: party).current,
            identifier: identityKey.map {
                RecordIdentifier(system: FHIR.System.identityKey, value: $0)
            })
    }

    /// Record and resident by ids that this party alone has.
    func line(_ delivery: Delivery, for party: Party) -> DeliveredLine {
        let person = pairwise(delivery.person, for: party).current
        let record: String =
            // Two entitlements may have come with one registration.
            if case .entitlement(let version) = delivery.content {
                "e\(version.version)"
            } else {
                pairwise(delivery.id, for: party).current
            }
        return DeliveredLine(
            field: delivery.field, ids: (record, person), place: delivery.place,
            isWithdrawn: delivery.isWithdrawn, whom: delivery.whom, content: delivery.content)
    }
}

/// Where a reader goes on from, and how many lines it takes.
private struct DeliveryRange: Sendable {
    let cursor: Int?
    let count: Int
    /// As it was asked for, to be asked for again.
    let encoding: String?

    func query(from cursor: Int?) -> String {
        let from = cursor.map { "_cursor=\($0)&" } ?? ""
        return "?\(from)_count=\(count)" + (encoding.map { "&encoding=\($0)" } ?? "")
    }
}

extension Request {
    fileprivate func deliveryRange() throws -> DeliveryRange {
        let count = try lineCount()
        return DeliveryRange(
            cursor: try number("_cursor"), count: count,
            encoding: uri.queryParameters["encoding"].map(String.init))
    }
}

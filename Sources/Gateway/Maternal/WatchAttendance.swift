import Exchange
import Hummingbird
import Ledger

/// 未受診者と受診率: whom a municipality still waits for, its reminders, and numbers that nobody had to report.
extension GatewayParts {
    /// `GET /maternal-health/unseen?checkup=…`: children and mothers whose window opened, or ended within a
    /// year, and who are pregnant and missed a visit.
    func listUnseen(_ asking: Asking) async throws -> Response {
        let checkup = try askedCheckup(asking)
        let after = try asking.request.number("after") ?? 0
        let count = try asking.request.lineCount("count")
        let party = asking.caller.party
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let unseen = try records.unseenResidents(checkup, after: after, limit: count)
            return renderUnseen(unseen, of: checkup, isFull: unseen.count == count) {
                pairwise($0, for: party).current
            }
        }
        return .json(.ok, bytes)
    }

    /// `POST /maternal-health/reminders`: each of them finds a notice.
    func remindOfCheckup(_ asking: Asking) async throws -> Response {
        let (book, rules) = try maternalRules()
        let (_, object) = try await asking.request.json(atMost: BodyLimits.checkupBytesMax)
        let reminding = try Reminding(
            object, items: (subject: "checkup", keys: "notificationKeys"))
        let checkup = try rules.awaited(
            reminding.subject, on: now().dayInJapan, item: "checkup")
        let (_, bytes) = try await asking.answer(as: \.rendered) { records in
            try records.remind(reminding, of: checkup, rules: book)
        }
        return .json(.ok, bytes)
    }

    /// `GET /maternal-health/attendance?checkup=…`: a municipality of its own residents, a prefecture of each
    /// of its municipalities.
    func countAttendance(_ asking: Asking) async throws -> Response {
        let checkup = try askedCheckup(asking)
        guard let least = try maternalRules().maternal.attendanceLeast else {
            throw Refusal.rulesUnknown
        }
        let party = asking.caller.party
        let place = party.role == .prefecture ? "\(party.code.prefix(2))%" : party.code
        let (_, bytes) = try await asking.answer(as: { $0.render() }) { records in
            try records.attendance(checkup, of: place, least: least)
        }
        return .json(.ok, bytes)
    }

    /// `POST /fhir/DiagnosticReport/_search` with `patient.identifier`: what the municipality holds of one
    /// resident, by its own key (届出番号).
    func searchCheckupLines(_ asking: Asking) async throws -> Response {
        let rules = try maternalRules().maternal
        let party = asking.caller.party
        let form = try await asking.request.searchForm(only: ["patient.identifier"])
        let key = try form.notificationKey("patient.identifier")
        let page = asking.request.page()
        let name = currentNames(for: party)
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            guard let found = try records.municipalCheckups(ofKey: key, rules: rules) else {
                return renderSearchset([], page: page)
            }
            return try renderCheckups(
                found.reports, named: { $0.shown(to: party, name) },
                of: pairwise(found.person, for: party).current, page: page, rules)
        }
        return .fhir(.ok, bytes)
    }

    private func askedCheckup(_ asking: Asking) throws -> AwaitedCheckup {
        guard let code = asking.request.uri.queryParameters["checkup"] else {
            throw Refusal.missing("checkup")
        }
        return try maternalRules().maternal.awaited(
            String(code), on: now().dayInJapan, item: "checkup")
    }
}

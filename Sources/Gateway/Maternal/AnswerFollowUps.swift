import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 事後措置: https://hl7.org/fhir/R4/task.html search and update, for the municipality of residence.
extension GatewayParts {
    /// `GET …/Task`: what waits, the most urgent first; with `status`, what stands so, answered or not.
    func readFollowUps(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let rules = try maternalRules().maternal
            try asking.request.refusePersons()
            let (offset, count) = try asking.request.range()
            let named = asking.request.text("status")
            let statuses = try FollowUpTask.Status.asked(named)
            let codes = statuses.map(\.rawValue).joined(separator: ",")
            let page = asking.request.page(
                named == nil ? "" : "status=\(codes)&", offset: offset, count: count)
            let party = asking.caller.party
            let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
                let (held, total) = try records.followUps(
                    statuses, isSensitive: compartment == .sensitive, offset: offset,
                    limit: count)
                return renderFollowUps(
                    held.map { $0.task(pairwise($0.person, for: party).current) },
                    page: page(total), rules)
            }
            return .fhir(.ok, bytes)
        }
    }

    /// `PUT …/Task/{id}` with `If-Match`: how it stands now.
    func answerFollowUp(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let rules = try maternalRules().maternal
            let seen = RecordCorrection(
                id: try asking.context.recordID(), seen: try asking.request.versionSeen())
            let body = try await asking.request.body(.json, atMost: BodyLimits.visitBytesMax)
            let answer = try FollowUpAnswer(reading: Array(body.readableBytesView))
            try seen.require(answer.id)
            let party = asking.caller.party
            let (task, bytes) = try await asking.answer(
                as: { $0.render(rules) },
                { [self] records in
                    let held = try records.answerFollowUp(
                        seen, isSensitive: compartment == .sensitive, answer)
                    return held.task(pairwise(held.person, for: party).current)
                })
            var response = Response.fhir(.ok, bytes)
            response.headers[.eTag] = "W/\"\(task.version)\""
            return response
        }
    }
}

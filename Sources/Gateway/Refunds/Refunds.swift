import Exchange
import Hummingbird
import Ledger

/// 償還払い: the resident applies with receipts and reads what became of it; the body reads its cases, those
/// of the ledger of caps among them, and answers.
extension GatewayParts {
    /// `POST /refunds`: once for each set of receipts, however often it is sent.
    func requestRefund(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        let (_, body) = try await asking.request.json(atMost: BodyLimits.visitBytesMax)
        let request = try RefundRequest(reading: body, today: now().dayInJapan)
        let party = asking.caller.party
        return try await own(asking, answering: { Response.json(.created, $1) }) {
            [self] records, person, _ in
            let refund = try records.requestRefund(request, by: person, rules: rules)
            var writer = JSONWriter(reservingBytes: 2048)
            writer.beginObject()
            refund.write(id: pairwise(refund.id, for: party).current, into: &writer)
            writer.endObject()
            return writer.bytes
        }
    }

    /// `GET /refunds` of the resident.
    func readOwnRefunds(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        return try await own(asking, answering: Response.json) { [self] records, person, _ in
            let refunds = try records.ownRefunds(of: person, limit: PageLimits.entriesMax)
            return list(refunds.count) { writer in
                for refund in refunds {
                    writer.beginObject()
                    refund.write(id: pairwise(refund.id, for: party).current, into: &writer)
                    writer.endObject()
                }
            }
        }
    }

    /// `GET /refunds` of the body.
    func readRefunds(_ asking: Asking) async throws -> Response {
        let (offset, count) = try asking.request.range()
        let status = try asking.request.uri.queryParameters["status"].map { text in
            guard let status = RefundStatus(rawValue: String(text)) else {
                throw Refusal.malformed("status")
            }
            return status
        }
        let party = asking.caller.party
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let (cases, total) = try records.refunds(status, offset: offset, limit: count)
            return list(total) { writer in
                for held in cases { write(held, for: party, into: &writer) }
            }
        }
        return .json(.ok, bytes)
    }

    func answerRefund(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        let id = try asking.context.recordID()
        let (_, body) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        let answer = try RefundAnswer(reading: body, today: now().dayInJapan)
        let party = asking.caller.party
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let held = try records.answerRefund(id, answer, rules: rules)
            var writer = JSONWriter(reservingBytes: 2048)
            write(held, for: party, into: &writer)
            return writer.bytes
        }
        return .json(.ok, bytes)
    }

    private func list(_ total: Int, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.beginObject()
        writer.member("total", total)
        writer.name("refunds")
        writer.beginArray()
        body(&writer)
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private func write(_ held: HeldRefund, for party: Party, into writer: inout JSONWriter) {
        writer.beginObject()
        held.refund.write(id: held.refund.id.text, into: &writer)
        writer.member("patient", pairwise(held.person, for: party).current)
        writer.member("payer", held.payerNumber)
        writer.member("recipient", held.recipientNumber)
        writer.endObject()
    }
}

import Exchange
import Hummingbird
import Ledger

/// 事後の確認: `/emergency-reviews`. Every visit that was opened without a card is called justified or not by
/// the municipality of residence; what is not answered in time is its prefecture's to see.
extension GatewayParts {
    func readEmergencyReviews(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let count = try asking.request.number("count") ?? PageLimits.entriesDefault
        guard (1...PageLimits.entriesMax).contains(count) else { throw Refusal.malformed("count") }
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let reviews = try records.emergencyReviews(limit: count)
            var writer = JSONWriter(reservingBytes: 4096)
            writer.beginObject()
            writer.name("reviews")
            writer.beginArray()
            for review in reviews {
                review.write(
                    to: &writer, patient: pairwise(review.person, for: party).current,
                    at: records.now)
            }
            writer.endArray()
            writer.endObject()
            return writer.bytes
        }
        return .json(.ok, bytes)
    }

    func answerEmergencyReview(_ asking: Asking) async throws -> Response {
        let visit = try asking.context.recordID()
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["verdict", "word"])
        guard
            let verdict = EmergencyReview.Verdict(
                rawValue: try object.requiredString("verdict"))
        else { throw Refusal.malformed("verdict") }
        let word = try object.statedWord("word")
        try await asking.access { try $0.answerReview(of: visit, verdict, word) }
        return Response(status: .noContent)
    }
}

extension EmergencyReview {
    fileprivate func write(to writer: inout JSONWriter, patient: String, at now: Instant) {
        writer.beginObject()
        writer.member("id", visit.text)
        writer.member("patient", "Patient/" + patient)
        writer.member("name", identity?.name)
        writer.member("birthDate", identity?.birthDate)
        writer.member("municipality", municipality)
        writer.member("institution", party)
        writer.member("operator", operatorID)
        writer.member("reason", reason)
        writer.member("openedAt", opened.text)
        writer.member("dueAt", due.text)
        writer.member("overdue", isOverdue(at: now))
        writer.endObject()
    }
}

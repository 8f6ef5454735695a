import Exchange
import TestSupport
import Testing

/// 処方元 over the wire: a pharmacy's receipts of one month, told apart by whose prescriptions they are of.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PrescriberTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// 処方元, kept with the claims and read again at each run.
    @Test func `receipts for two prescribers are right, and a third is asked about`()
        async throws
    {
        let month = try ServiceMonth(year: 2019, month: 5)
        let holder = try await gateway.enrol(month)
        let claims = [Cast.clinic, Cast.spare, Cast.clinic].enumerated().map {
            place, prescriber in
            var claim = SentClaim(holder.recipient)
            claim.institution = Cast.pharmacy
            claim.type = "4122"
            claim.day = 10 + place
            claim.birth = holder.resident.dateOfBirth
            claim.extra = ",\"prescriber\":\"\(prescriber.code)\""
            return claim
        }
        try await gateway.submit(Array(claims.prefix(2)), month).expect(201)
        let run = { [gateway] in
            try await gateway.ask(Cast.town, "POST", "/claims/months/\(month.text)/runs")
                .answer.expect(200)
            return try await gateway.reasons(month)[holder.recipient] ?? []
        }
        #expect(try await !run().contains("REPEATED_RECEIPT"))
        try await gateway.submit([claims[2]], month).expect(201)
        #expect(try await run().filter { $0 == "REPEATED_RECEIPT" }.count == 1)
    }
}

import Exchange
import Foundation
import Ledger
import Trust

/// 物語: municipality, clinic, resident and auditor, one after the other, each with the request that
/// was really sent.
struct DemoStory {
    let teller: Teller
    let cast: DemoCast

    func tell() async throws {
        try municipality()
        try await night()
        try statement()
        try move()
        let visit = try clinic()
        try counter(visit)
        try await chronicPatient()
        try await resident()
        try vaccination()
        try await checkup()
        try await month()
        try motherAndChild()
        try auditor()
    }

    private func municipality() throws {
        teller.chapter("1. The card authority says whose cards are whose, and who lives where")
        for start in stride(from: 0, to: cast.residents.count, by: 500) {
            let answer = try teller.send(
                .init(
                    method: "POST", party: cast.authority, listener: .office,
                    path: "/card-feed/events",
                    body: (
                        "cards-\(start).json",
                        cast.feed(of: start..<min(start + 500, cast.residents.count))
                    ), isShown: start == 0))
            try expect(answer, 202)
            teller.say(summary(answer))
        }
        teller.chapter(
            "2. Municipalities and prefectures register who is entitled to what (PMH's own JSON)")
        for (place, office) in cast.offices.enumerated() {
            let answer = try teller.send(
                .init(
                    method: "POST", party: office, listener: .office,
                    path: "/medical-subsidy/history-registration-tasks",
                    body: ("registration-\(office.code).json", cast.registration(of: office)),
                    isShown: place == 0))
            try expect(answer, 202)
            teller.say("\(cast.names[office] ?? office.code): \(summary(answer))")
        }
        let again = try teller.send(
            .init(
                method: "POST", party: cast.offices[0], listener: .office,
                path: "/medical-subsidy/history-registration-tasks",
                body: (
                    "registration-\(cast.offices[0].code).json",
                    cast.registration(of: cast.offices[0])
                ), isShown: false))
        try expect(again, 202)
        teller.say(
            "Sent twice by mistake, every row is unchanged and nothing is applied again: "
                + "\(summary(again))")
    }

    private func clinic() throws -> (id: String, patient: String) {
        let child = cast.residents[cast.child]
        teller.chapter(
            "4. \(child.name) comes to \(cast.names[cast.clinic] ?? ""), and the card is read")
        let visit = try open(cast.child, consents: ["subsidy"], at: cast.clinic, isShown: true)
        teller.say("The visit is open until \(visit.text("endsAt")).")
        teller.say("To this clinic the child is \(visit.text("patient")), and to nobody else.")
        return (visit.text("visit"), visit.text("patient"))
    }

    private func counter(_ visit: (id: String, patient: String)) throws {
        teller.chapter("5. The clinic's system asks what the child is entitled to today")
        let answer = try check(visit, "check.json", isShown: true)
        say(outcomesIn: answer)
        teller.chapter("6. Somebody who agrees to nothing, and somebody who moved")
        let silent = try open(cast.adult, consents: [], at: cast.clinic, isShown: false)
        teller.say("An adult reads the card (an ECDSA P-384 one) and declines:")
        say(
            outcomesIn: try check(
                (silent.text("visit"), silent.text("patient")), "declined.json", isShown: true))
        let moved = try open(
            cast.movedChild, consents: ["subsidy"], at: cast.pharmacy, isShown: false)
        teller.say("Somebody who moved, at \(cast.names[cast.pharmacy] ?? ""):")
        say(
            outcomesIn: try check(
                (moved.text("visit"), moved.text("patient")), "moved.json", at: cast.pharmacy,
                isShown: true))
        teller.chapter("7. A month later: what did we tell them on that day?")
        let id = answer.text("id")
        let replay = try teller.send(
            .init(
                party: cast.clinic, listener: .institution,
                path: "/fhir/CoverageEligibilityResponse/\(id)/$replay"))
        try expect(replay, 200)
        teller.say("Decided again from the same versions, byte for byte the same answer.")
    }

    private func resident() async throws {
        teller.chapter("9. The mother looks at her phone: who looked at my child's records?")
        let token = try session(of: cast.child)
        let bearer = "Authorization: Bearer \(token)"
        let shown = try await list(bearer)
        for event in shown.events { teller.say(try event.line) }
        teller.say("")
        teller.say("Is that all? From what the portal received and the log's public key alone:")
        for check in shown.check(with: try sealKey()) {
            guard check.isGood else { throw Command.Failure(description: check.sentence) }
            teller.say("  " + check.sentence)
        }
        let own = try teller.send(
            .init(
                party: cast.portal, listener: .resident, path: "/fhir/Coverage", headers: [bearer]))
        try expect(own, 200)
        teller.say("Own certificates: \(own.json?["total"]?.int ?? 0)")
    }

    /// An entry gets its position within a second, and the demo's epochs last one; the first, with
    /// everybody in it, takes longer. Asking again is one more entry of the list.
    private func list(_ bearer: String) async throws -> ShownList {
        for attempt in 0..<15 {
            try await Task.sleep(for: .seconds(4))
            let log = try teller.send(
                .init(
                    party: cast.portal, listener: .resident, path: "/fhir/AuditEvent",
                    headers: [bearer], isShown: attempt == 0))
            try expect(log, 200)
            let shown = try ShownList([log.body])
            let isCommitted = shown.events.contains { !$0.isNotYetCommitted }
            if isCommitted { return shown }
        }
        throw Command.Failure(description: "no epoch was sealed in a minute")
    }

    private func auditor() throws {
        teller.chapter("14. The auditor trusts nothing and reads the log again")
        let world = teller.world
        let arguments = [
            "seal", "verify", "--database", world.conninfo(as: "tsunagi_reader"), "--checkpoint",
            world.checkpointsFolder + "/latest", "--key", try sealKey().text,
        ]
        Output.line(
            "    \u{1B}[2m$ tsunagi seal verify --database … "
                + "--checkpoint $DEMO/checkpoints/latest --key …\u{1B}[0m")
        for line in try Command.output(CommandLine.executable, arguments).split(separator: "\n") {
            teller.say(String(line))
        }
    }
}

/// The single requests of the story.
extension DemoStory {
    func open(
        _ index: Int, consents: [String], at institution: Party, isShown: Bool
    ) throws -> Teller.Answer {
        let nonce = try teller.send(
            .init(
                method: "POST", party: institution, listener: .institution, path: "/visits/nonces",
                isShown: isShown))
        try expect(nonce, 201)
        guard let card = cast.cards[index] else { throw Command.Failure(description: "no card") }
        let day = try CalendarDay(nonce.text("day"))
        let body = try VisitBody.make(
            nonce: nonce.text("nonce"), day: day, consents: consents, party: institution, card: card
        )
        let answer = try teller.send(
            .init(
                method: "POST", party: institution, listener: .institution, path: "/visits",
                body: ("visit-\(index).json", body), isShown: isShown))
        try expect(answer, 201)
        return answer
    }

    func check(
        _ visit: (id: String, patient: String), _ name: String, at institution: Party? = nil,
        isShown: Bool
    ) throws -> Teller.Answer {
        let answer = try teller.send(
            .init(
                method: "POST", party: institution ?? cast.clinic, listener: .institution,
                path: "/fhir/CoverageEligibilityRequest/$submit",
                body: (name, EligibilityRequestBody.make(visit, day: WallClock.now().dayInJapan)),
                isShown: isShown))
        try expect(answer, 200)
        return answer
    }

    func session(of index: Int) throws -> String {
        let nonce = try teller.send(
            .init(
                method: "POST", party: cast.portal, listener: .resident, path: "/tokens/nonces",
                isShown: false))
        guard let card = cast.cards[index] else { throw Command.Failure(description: "no card") }
        let day = try CalendarDay(nonce.text("day"))
        let text = SignedText.residentToken(
            nonce: nonce.text("nonce"), party: cast.portal, day: day)
        var json = JSONWriter()
        json.beginObject()
        json.member("nonce", nonce.text("nonce"))
        json.member("day", day.text)
        json.member("certificate", Base64.text(card.certificateDER))
        json.member("signature", Base64.text(try card.sign(text)))
        json.endObject()
        let answer = try teller.send(
            .init(
                method: "POST", party: cast.portal, listener: .resident, path: "/tokens",
                body: ("token.json", json.bytes)))
        try expect(answer, 201)
        return answer.text("access_token")
    }

    func say(outcomesIn answer: Teller.Answer) {
        for sentence in answer.text("disposition").components(separatedBy: " / ") {
            teller.say("  → " + sentence)
        }
    }

    func summary(_ answer: Teller.Answer) -> String {
        let count = { (name: String) in answer.json?[name]?.int ?? 0 }
        return "task \(answer.text("taskId").prefix(8))…: \(count("rows")) rows, "
            + "\(count("applied")) applied, "
            + "\(count("unchanged")) unchanged, \(count("underReview")) under review, "
            + "\(count("refused")) refused"
    }

    private func sealKey() throws -> CheckpointKey {
        try SealCommand.signer(keys: teller.world.keysFolder, origin: World.origin, version: 1).key
    }

    func expect(_ answer: Teller.Answer, _ status: Int) throws {
        guard answer.status == status else {
            throw Command.Failure(
                description: "expected \(status), got \(answer.status): "
                    + String(decoding: answer.body, as: UTF8.self))
        }
    }
}

enum EligibilityRequestBody {
    static func make(_ visit: (id: String, patient: String), day: CalendarDay) -> [UInt8] {
        let text = """
            {"resourceType":"CoverageEligibilityRequest","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(visit.id)"}],\
            "status":"active","purpose":["validation"],\
            "patient":{"reference":"\(visit.patient)"},"servicedDate":"\(day.text)","created":"\(day.text)",\
            "insurer":{"reference":"Organization/tsunagi"}}
            """
        return Array(text.utf8)
    }
}

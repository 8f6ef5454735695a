/// 償還払いの決定: what the body answers to a refund case, step by step; each is a version, and none is taken out.
package struct RefundAnswer: Hashable, Sendable {
    package enum Decision: String, CaseIterable, Sendable {
        /// 支給決定
        case approved
        /// 不支給決定
        case refused
        /// 支給済
        case paid
    }

    /// 不支給の理由.
    package enum Ground: String, CaseIterable, Sendable {
        case notEntitled = "not-entitled"
        case receiptsIncomplete = "receipts-incomplete"
        case alreadyRefunded = "already-refunded"
        case notCovered = "not-covered"
        case tooLate = "too-late"
    }

    package let decision: Decision
    package let yen: Int?
    package let ground: Ground?
    package let day: CalendarDay

    package init(decision: Decision, yen: Int?, ground: Ground?, day: CalendarDay) {
        self.decision = decision
        self.yen = yen
        self.ground = ground
        self.day = day
    }

    /// `yen` belongs to an approval, `ground` to a refusal, and neither elsewhere.
    package init(reading body: JSONObject, today: CalendarDay) throws(Refusal) {
        try body.requireOnly(["decision", "yen", "ground", "on"])
        guard let decision = Decision(rawValue: try body.requiredString("decision")) else {
            throw .malformed("decision")
        }
        let yen = try body.optionalInt("yen")
        guard yen.map({ (0...100_000_000).contains($0) && decision == .approved }) ?? true else {
            throw .malformed("yen")
        }
        let ground = try body.optionalString("ground").map { text throws(Refusal) in
            guard let ground = Ground(rawValue: text), decision == .refused else {
                throw .malformed("ground")
            }
            return ground
        }
        guard decision != .refused || ground != nil else { throw .missing("ground") }
        let day = try CalendarDay(body.requiredString("on"), item: "on")
        guard day <= today else { throw .dayAhead("on") }
        self.init(decision: decision, yen: yen, ground: ground, day: day)
    }

    /// What may follow what was answered before: a decision once, its payment once.
    package func follows(_ last: RefundAnswer?) -> Bool {
        switch (last?.decision, decision) {
        case (nil, .approved), (nil, .refused), (.approved, .paid): true
        default: false
        }
    }
}

extension RefundAnswer.Ground {
    package var text: BilingualText {
        switch self {
        case .notEntitled:
            .init(
                ja: "診療日に受給資格がありません。登録については、受給者証の発行元に問い合わせてください。",
                en:
                    "There was no entitlement on the day of service. About the registration, ask the "
                    + "body that issued the certificate.")
        case .receiptsIncomplete:
            .init(
                ja: "領収書の内容が足りません。医療機関に再発行を依頼し、もう一度申請してください。",
                en: "The receipts are incomplete. Ask the institution for new ones and apply again."
            )
        case .alreadyRefunded:
            .init(
                ja: "すでに払い戻しています。前の申請の状況を確かめてください。",
                en: "It was refunded before. Look at the earlier application.")
        case .notCovered:
            .init(
                ja: "助成の対象にならない費用です。対象となる費用は、受給者証の発行元に問い合わせてください。",
                en:
                    "The scheme does not cover these costs. Ask the body that issued the "
                    + "certificate which it does.")
        case .tooLate:
            .init(
                ja: "申請の期限を過ぎています。事情があるときは、受給者証の発行元に相談してください。",
                en:
                    "The time to apply is over. If there was a reason, speak with the body that "
                    + "issued the certificate.")
        }
    }
}

/// 償還払いの一件, as body and resident read it: where it came from, what is due back, and what became of it.
package struct RefundCase: Sendable {
    package enum Origin: Sendable {
        /// 上限超過: collected above the cap, as the ledger of caps found.
        case overCap
        /// 年間上限: above the yearly limit of high-cost benefit; the insurer pays it back, and answers
        /// nobody here.
        case overYear
        case receipts(paid: Int)
    }

    package let id: RecordID
    package let capMonth: CapMonth
    package let origin: Origin
    /// As computed; `nil`: by the body's own rules.
    package let yen: Int?
    package let steps: [BillNote]
    package let since: Instant
    /// Taken back by its institution, where it was over the cap.
    package let isWithdrawn: Bool
    package let answer: RefundAnswer?
    /// 再審査: approved by what another case of the month had left borne, which does not count any more.
    package let isToReexamine: Bool

    package init(
        id: RecordID, capMonth: CapMonth, origin: Origin, yen: Int?, steps: [BillNote],
        since: Instant, isWithdrawn: Bool, answer: RefundAnswer?, isToReexamine: Bool
    ) {
        self.id = id
        self.capMonth = capMonth
        self.origin = origin
        self.yen = yen
        self.steps = steps
        self.since = since
        self.isWithdrawn = isWithdrawn
        self.answer = answer
        self.isToReexamine = isToReexamine
    }

    package var status: RefundStatus {
        switch answer?.decision {
        case .approved: .approved
        case .refused: .refused
        case .paid: .paid
        case nil: isWithdrawn ? .withdrawn : .open
        }
    }

    private var next: BilingualText {
        guard !isToReexamine else {
            return .init(
                ja: "同じ月の別の申請を数えて決まった額ですが、その申請は数えられなくなりました。受給者証の発行元が額を確かめ直します。",
                en:
                    "The amount was decided after another application of this month, which does not "
                    + "count any more. The body looks at the amount again.")
        }
        guard status == .open else { return status.text }
        switch origin {
        case .overCap: return status.text
        case .overYear: return RefundStatus.openAboveYear
        case .receipts: break
        }
        return .init(
            ja: "申請を受け付けました。受給者証の発行元の決定をお待ちください。",
            en: "The application was received. Wait for the body's decision.")
    }

    /// `id` is the one that the reader knows it by.
    package func write(id: String, into writer: inout JSONWriter) {
        writer.member("id", id)
        writer.object("certificate") {
            $0.member("body", capMonth.certificate.body)
            $0.member("type", capMonth.certificate.typeID)
            let subKey = capMonth.certificate.subKey
            $0.member("subKey", subKey.isEmpty ? nil : subKey)
        }
        writer.member("month", capMonth.month.text)
        switch origin {
        case .overCap: writer.member("origin", "over-cap")
        case .overYear: writer.member("origin", "over-year")
        case .receipts(let paid):
            writer.member("origin", "receipts")
            writer.member("paid", paid)
        }
        writer.member("computed", yen)
        writer.member("yen", answer?.yen ?? yen)
        writer.member("status", status.rawValue)
        let mark: Bool? = isToReexamine ? true : nil
        writer.member("reexamine", mark)
        writer.object("next") {
            $0.member("ja", (answer?.ground?.text.ja ?? "") + next.ja)
            $0.member("en", (answer?.ground.map { $0.text.en + " " } ?? "") + next.en)
        }
        writer.member("since", since.text)
        writer.member("answeredOn", answer?.day.text)
        writer.member("ground", answer?.ground?.rawValue)
        writer.array("steps") { list in
            for step in steps { list.object { step.write(into: &$0) } }
        }
    }
}

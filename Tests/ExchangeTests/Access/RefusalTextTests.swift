import Exchange
import Testing

@Suite struct RefusalTextTests {
    /// Japanese words stand in wide brackets; narrow ones are for names of items: `(asOf)`.
    private static var narrowBrackets: Regex<Substring> { /\([^()]*[ぁ-んァ-ヶ一-龠][^()]*\)/ }

    @Test func `every code is its own and speaks for one case`() {
        let codes = Refusal.table.map(\.code)
        #expect(Set(codes).count == codes.count)
        #expect(Set(Refusal.table.map(\.ja)).count == codes.count)
        #expect(Set(Refusal.table.map(\.en)).count == codes.count)
        #expect(Set(Refusal.table).count == codes.count)
    }

    @Test(arguments: Refusal.table)
    func `every refusal says what to do next`(refusal: Refusal) {
        #expect(refusal.code.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D })
        #expect(
            [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 431, 503].contains(
                refusal.status))
        #expect(refusal.ja.hasSuffix("。") && refusal.ja.count { $0 == "。" } >= 2)
        #expect(refusal.en.hasSuffix(".") && refusal.en.count > 30)
        // Of a local scheme the national master's own name stands for ours: `LocalLiveTests`.
        let named = refusal.code == "local-scheme-not-priced" ? nil : refusal.item
        for text in [refusal.ja, refusal.en] {
            #expect(!text.contains("{") && !text.contains("\n"))
            #expect(named.map { text.contains($0) } ?? true)
        }
        #expect(!refusal.ja.contains(Self.narrowBrackets), "\(refusal.ja)")
        let mayRetry = [429, 503].contains(refusal.status)
        #expect((refusal.retryAfterSeconds != nil) == mayRetry)
    }

    @Test(arguments: Refusal.table)
    func `nothing says whether anybody holds anything`(refusal: Refusal) {
        for word in ["資格がありません", "該当者", "受給者ではありません", "登録されていない人"] {
            #expect(!refusal.ja.contains(word))
        }
        for word in ["not eligible", "no entitlement", "holds no"] {
            #expect(!refusal.en.contains(word))
        }
    }

    @Test func `a card that does not work sends each person the right way`() {
        let cards: [Refusal] = [.cardExpired, .cardRevoked, .cardUnbound, .cardLocked]
        for refusal in cards {
            #expect(refusal.ja.contains("紙の受給者証") && refusal.ja.contains("市区町村窓口"))
            #expect(refusal.en.contains("paper certificate") && refusal.en.contains("municipality"))
        }
        #expect(Refusal.cardSuperseded.ja.contains("新しいカード"))
        #expect(Refusal.cardLocked.ja.contains("ロック"))
    }

    @Test func `what says nothing of anyone is counted, not entered`() {
        let counted: [Refusal] = [
            .malformed("a"), .missing("a"), .bodyTooLarge, .headerTooLarge, .routeUnknown,
            .methodNotAllowed,
            .tooManyRequests, .overloaded, .notReady, .certificateNotTrusted, .tokenMissing,
        ]
        #expect(counted.allSatisfy { !$0.isEntered })
        let entered: [Refusal] = [
            .notYourPurpose, .cardExpired, .cardUnbound, .visitUnknown, .paperNotConfirmed,
            .tokenOfAnotherParty, .recordUnknown, .serviceDateOutOfRange,
        ]
        #expect(entered.allSatisfy { $0.isEntered })
    }
}

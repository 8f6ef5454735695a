import Exchange
import TestSupport
import Testing

/// What holds for every receipt, whatever the class, the month and the schemes.
@Suite struct CopaymentPropertyTests {
    static let roundings = CopaymentSamples.roundings

    @Test(arguments: Seeded.seeds(400))
    func `the engine and a naive second one agree`(seed: UInt64) {
        var seeded = Seeded(seed)
        for _ in 0..<50 {
            let one = seeded.copaymentCase()
            let answer = one.receipt.copayment(Self.roundings)
            let naive = NaiveCopayment(one)
            #expect(answer.patient == naive.patient)
            #expect(answer.publicPays == naive.publicPays)
            #expect(answer.own == naive.own)
            #expect(answer.insurancePays == naive.insurer)
            #expect(answer.highCostPays == naive.highCost)
        }
    }

    @Test(arguments: Seeded.seeds(200))
    func `never negative, never above the share of the insurance, never above a cap`(seed: UInt64) {
        var seeded = Seeded(seed)
        for _ in 0..<50 {
            let receipt = seeded.copaymentCase().receipt
            let answer = receipt.copayment(Self.roundings)
            #expect(answer.patient >= 0)
            #expect(answer.uncovered <= answer.share)
            #expect(answer.highCostPays >= 0 && answer.designatedPays >= 0)
            for (place, expense) in receipt.publics.enumerated() {
                #expect(answer.own[place] >= 0)
                #expect(answer.paid[place] >= 0)
                #expect(answer.own[place] <= answer.charged[place])
                #expect(answer.own[place] <= expense.cap ?? .max)
            }
        }
    }

    /// In steps of 20 yen, so that no percentage has a fraction to round; and each public expense for
    /// itself, since what one leaves to another depends on how both are split.
    @Test(arguments: Seeded.seeds(200))
    func `splitting a receipt never lowers the total`(seed: UInt64) {
        var seeded = Seeded(seed)
        for _ in 0..<50 {
            var whole = seeded.copaymentCase().receipt
            whole.annualRest = nil
            whole.insuranceOnly -= whole.insuranceOnly % 20
            for place in whole.publics.indices {
                whole.publics[place].cost -= whole.publics[place].cost % 20
                whole.publics[place].takesOver = []
            }
            var first = whole
            var second = whole
            first.insuranceOnly = seeded.int(0...whole.insuranceOnly / 20) * 20
            second.insuranceOnly = whole.insuranceOnly - first.insuranceOnly
            for place in whole.publics.indices {
                let cost = whole.publics[place].cost
                first.publics[place].cost = seeded.int(0...cost / 20) * 20
                second.publics[place].cost = cost - first.publics[place].cost
            }
            let parts = [first, second].map { $0.copayment(Self.roundings).patient }
            #expect(parts[0] + parts[1] >= whole.copayment(Self.roundings).patient)
        }
    }

    @Test(arguments: Seeded.seeds(100))
    func `every step can be read aloud in both languages`(seed: UInt64) {
        var seeded = Seeded(seed)
        for step in seeded.copaymentCase().receipt.copayment(Self.roundings).steps {
            #expect(step.text.ja.contains("円") && step.text.ja.hasSuffix("。"))
            #expect(step.text.en.contains("yen") && !step.text.en.contains("円"))
        }
    }

    /// 健康保険法施行令42条: 50 sen and more go up.
    @Test(arguments: [
        (267_000, 80_100), (267_040, 80_100), (267_050, 80_101), (267_060, 80_101),
        (505_260, 82_483),
    ])
    func `the term above the threshold is rounded half up to one yen`(cost: Int, limit: Int) {
        let row = HighCostLimit(base: 80_100, threshold: 267_000, percentOver: 1)
        #expect(row.yen(cost: cost, Self.roundings.highCostTerm) == limit)
    }

    /// The 21,000 yen of one receipt, on both sides of the edge.
    @Test(arguments: [(69_990, 80_557), (70_000, 57_600)])
    func `below seventy a part counts together from 21,000 yen on`(cost: Int, patient: Int) {
        var receipt = Receipt(percent: 30)
        receipt.countedFrom = 21_000
        receipt.limit = HighCostLimit(base: 57_600)
        receipt.insuranceOnly = 300_000
        var expense = PublicExpense(cost: cost, cap: nil)
        expense.limit = receipt.limit
        receipt.publics = [expense]
        let expected = cost < 70_000 ? 57_600 + cost * 30 / 100 : patient
        #expect(receipt.copayment(Self.roundings).patient == expected)
    }

    /// 健康保険法施行令41条1項: 150,000 of the public expense counts, 18,000 beside it does not; so 50,000 comes
    /// down to 35,400, and 18,000 stays.
    @Test(arguments: [(60_000, 53_400), (69_990, 56_397), (70_000, 35_400)])
    func `a part too small to count keeps no other from counting`(only: Int, patient: Int) {
        let one = NaiveCopayment.Case(
            cls: "オ", only: only, parts: [.init(cost: 500_000, percent: 10, fixedClass: "ウ")])
        #expect(one.receipt.copayment(Self.roundings).patient == patient)
        #expect(NaiveCopayment(one).patient == patient)
    }
}

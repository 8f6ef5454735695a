import ArgumentParser
import Exchange
import Foundation

/// The calculator's own rate on one core: steps kept, text not rendered.
extension BenchCommand {
    struct Copay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute receipts on one core; prints one JSON line.")

        @Option(help: "The folder of rules.") var profiles = "profiles"
        @Option(help: "For how long.") var seconds = 5.0

        func run() async throws {
            let book = try RuleBook(reading: ProfileFolder.read(profiles), version: "bench")
            guard let rules = book.copayment else {
                throw SettingProblem("The folder \(profiles) has no subsidy/copayment.json.")
            }
            let receipts = try Self.receipts(rules)
            var count = 0
            var yen = 0
            let started = Date()
            while Date().timeIntervalSince(started) < seconds {
                for receipt in receipts {
                    let answer = receipt.copayment(rules.roundings)
                    yen &+= answer.patient &+ answer.steps.count
                }
                count += receipts.count
            }
            let rate = Double(count) / Date().timeIntervalSince(started)
            Output.line("{\"per_second\":\(Int(rate)),\"sum\":\(yen)}")
        }

        /// Receipts of every class, none to two public expenses, in many sizes.
        private static func receipts(_ rules: CopaymentRules) throws -> [Receipt] {
            let day = try CalendarDay("2025-04-01")
            var receipts: [Receipt] = []
            for age in HighCostRules.Age.allCases {
                guard let table = rules.highCost.table(age, on: day) else { continue }
                for (index, row) in table.classes.enumerated() {
                    for size in 1...400 {
                        var receipt = Receipt(percent: age == .under70 ? 30 : 20)
                        receipt.countedFrom = table.countedFrom
                        receipt.limit = row.limit(isMultiple: size % 5 == 0, isHalved: false)
                        receipt.insuranceOnly = size * 3_010
                        for place in 0..<(size + index) % 3 {
                            var expense = PublicExpense(
                                cost: size * 1_170 * (place + 1), percent: 20, cap: 5_000)
                            expense.limit = receipt.limit
                            receipt.publics.append(expense)
                        }
                        receipts.append(receipt)
                    }
                }
            }
            return receipts
        }
    }
}

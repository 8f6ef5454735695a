import ArgumentParser
import Exchange
import Ledger

/// 運用者の窓口: the door as a registered operator passes it, for what an operator's command does. It is on the
/// record like everything else, and the permissions decide.
struct OperatorDesk: ParsableArguments {
    /// Commands that have a row in `profiles/access/permissions.json`.
    enum Operation: String, CaseIterable {
        case review = "tsunagi review"
        case rotateKey = "tsunagi key rotate"
        case retireKey = "tsunagi key retire"
        case archiveLog = "tsunagi log archive"

        var purpose: Purpose {
            switch self {
            case .review: .settleReview
            case .rotateKey, .retireKey: .rotateKey
            case .archiveLog: .archiveLog
            }
        }
    }

    @Option(help: "The operator as registered (the code of operator:CODE).")
    var `operator`: String

    /// Says a refusal in words, and leaves no connection behind.
    func access<Answer: Sendable>(
        _ operation: Operation, at addresses: Ledger.Addresses,
        _ body: @escaping @Sendable (inout Records, RuleBook) throws -> Answer
    ) async throws -> Answer {
        guard let party = try? Party(role: .operator_, code: `operator`) else {
            throw ValidationError("\(`operator`) is no operator's code.")
        }
        let caller = Caller(party: party, operatorID: nil)
        let ledger = Ledger(addresses, logger: OwnerOption().logger)
        do {
            try await ledger.prepare()
            let rules = try ledger.rules.current()
            let mayDo = rules.permissions?.may(
                .operator_, operation.rawValue, for: operation.purpose)
            guard mayDo ?? false else {
                try await ledger.refuse(caller, operation.purpose, .notYourPurpose)
            }
            let answer = try await ledger.access(caller, operation.purpose) {
                try body(&$0, rules)
            }
            await ledger.shutdown()
            return answer
        } catch let refusal as Refusal {
            await ledger.shutdown()
            throw ValidationError("\(refusal.code): \(refusal.ja) / \(refusal.en)")
        } catch {
            await ledger.shutdown()
            throw error
        }
    }

    /// 四つの目: goes on when another operator asked for the same before; else says that one is waited for,
    /// and ends the command with 1.
    func agree(
        _ deed: FourEyes.Deed, on subject: String, by operation: Operation, _ owner: OwnerOption
    ) async throws {
        let address = try owner.address()
        let standing = try await access(
            operation, at: .init(gateway: address, office: nil)
        ) { records, rules in
            guard let permissions = rules.permissions else { throw Refusal.rulesUnknown }
            return try records.propose(deed, on: subject, permissions)
        }
        switch standing {
        case .agreed: return
        case .waiting(let until):
            Output.line(
                "\(subject): waits for another operator, who types the same command before \(until.text)."
            )
            throw ExitCode(1)
        }
    }
}

/// 操作者名: as `Tsunagi-Operator` takes it.
enum OperatorName {
    static func require(_ name: String, of option: String) throws {
        let isPlain = name.wholeMatch(of: /[A-Za-z0-9._-]{1,64}/) != nil
        guard isPlain, !IndividualNumber.looksLikeOne(in: name) else {
            throw ValidationError(
                "\(option) is at most 64 letters, digits, `.`, `_`, `-`, and no number.")
        }
    }
}

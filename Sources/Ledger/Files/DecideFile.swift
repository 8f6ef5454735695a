package import Exchange
import Postgres

/// 確認と取下げ: what people decide about a file that waits.
package enum FileDecision: Sendable {
    /// 二人目の確認: of the effect with this hash, by another person than the sender.
    case confirm(effect: [UInt8])
    /// 取下げ: nothing of it is applied; where its rows stand already, nobody is ended. It keeps its place in
    /// the line, and whom it has protected since its receipt stays protected.
    case withdraw
    /// 保護の解除: whom a withdrawn file still protects it protects no more; by another person than the sender.
    case lift
}

/// What was decided, of the file as it was before.
package struct DecidedFile: Sendable {
    package let file: FileRow
    /// Whom it goes on protecting although it was withdrawn.
    package let protection: FileProtection
}

extension Records {
    /// Throws `.taskUnknown`, `.fileNotWaiting`, `.effectChanged` for a hash that is not what the file
    /// would do, and `.secondPersonNeeded`. What was confirmed is compared once more before it is
    /// applied, and its ends before anybody is ended: should it have become another effect, it waits again.
    package mutating func decide(
        _ decision: FileDecision, on file: RecordID, of kind: FileKind, by officer: Officer,
        _ fourEyes: FourEyes, rules: (String) throws -> RuleBook
    ) throws -> DecidedFile {
        let found = try self.file(file, of: kind, FileRow.selectToDecide, rules: rules)
        let who = officer.name ?? "certificate"
        let sender = Officer(
            party: found.party, name: found.operatorID, certificate: found.certificate)
        var protection = FileProtection()
        switch decision {
        case .confirm(let effect):
            guard found.state == .waiting else { throw Refusal.fileNotWaiting }
            guard effect == found.weighedEffect else { throw Refusal.effectChanged }
            try fourEyes.require(officer, after: sender)
            let confirm = found.ends.isAsked ? Self.confirmEnds : Self.confirm
            write([(confirm, [.id(file), .bytes(effect), .text(who)])])
            forgetPlan(of: file)
        case .withdraw:
            switch found.state {
            case .held, .weighing, .waiting: break
            case .arriving, .refused, .applying, .weighed, .withdrawn, .done:
                throw Refusal.fileNotWaiting
            }
            withdraw(found, kind, by: who)
            protection = try self.protection(of: [file])[file] ?? FileProtection()
        case .lift:
            guard found.state == .withdrawn else { throw Refusal.fileNotWaiting }
            try fourEyes.require(officer, after: sender)
            // Its own answer names nobody: who it was stands in the list until now, and in the log.
            try liftProtection(of: file)
        }
        enter(nil, basis: found.basis)
        return DecidedFile(file: found, protection: protection)
    }

    private mutating func withdraw(_ found: FileRow, _ kind: FileKind, by who: String) {
        write([
            (Self.withdraw, [.id(found.file), .text(who), .time(now)]),
            (Self.forgetKept, [.id(found.file)]),
        ])
        forgetPlan(of: found.file)
        // Its rows were applied: the body has said what it holds.
        if found.ends.isAsked, let field = StatementField(registration: kind.registration) {
            refresh(field, isWholeFile: true, asOf: found.asOf)
        }
        // Nothing of it is sent again from here: whoever mends it has the whole file.
        if found.layout.isConfidential {
            write([(Self.deleteRows, [.id(found.file), .time(now)])])
        }
    }

    private static let confirm = Statement(
        """
        update office.file set state = 'weighing', confirmed = $2, confirmed_by = $3,
            \(FileRow.fromTheStart)
        where file = $1
        """)

    /// The rows were applied: only the ends are left.
    private static let confirmEnds = Statement(
        """
        update office.file set state = 'applying', confirmed = $2, confirmed_by = $3, not_before = null,
            advanced_at = clock_timestamp()
        where file = $1
        """)

    private static let forgetKept = Statement("delete from office.file_kept where file = $1")

    private static let withdraw = Statement(
        """
        update office.file set state = 'withdrawn', withdrawn_by = $2, finished_at = $3,
            advanced_at = clock_timestamp()
        where file = $1
        """)

    private static let deleteRows = Statement(
        """
        with gone as (delete from office.file_chunk where file = $1)
        update office.file set rows_deleted_at = $2 where file = $1
        """)
}

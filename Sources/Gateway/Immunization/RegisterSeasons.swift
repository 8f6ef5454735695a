import Exchange
import Hummingbird
import Ledger

/// 接種期間の登録: `POST /immunization/seasons/registration-tasks`, a municipality's own days of a season; the
/// same task and row results as the other registrations. It says nothing of anyone.
extension GatewayParts {
    func registerSeasons(_ asking: Asking) async throws -> Response {
        try await registration(
            asking, field: "seasons", read: readSeasonRows,
            apply: { [ledger] records, task, rows in
                try records.registerSeasons(task, rows, rules: ledger.rules.kept)
            })
    }
}

import Exchange
import Ledger

/// 台帳の失敗の読み方: which of the ledger's errors a caller may act on.
extension ErrorReading {
    /// How this gateway reads what the ledger throws: a full queue is the caller's business (come
    /// back), anything else is an incident whose text carries no data.
    package static let gateway = ErrorReading(
        refusal: { LedgerError.refusal(for: $0) }, safeText: { LedgerError.safeText(of: $0) })
}

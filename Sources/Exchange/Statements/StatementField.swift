/// 突合の分野: what a body registered and both sides should hold alike. The raw value is the word in paths, SQL
/// and statements.
package enum StatementField: String, CaseIterable, Hashable, Sendable {
    /// 受給資格.
    case subsidy
    /// 検診対象者.
    case checkupTargets = "checkup-targets"
}

import ArgumentParser

/// 終了状態 of `seal verify`, `seal proof`, `statement compare` and `witness`: 0 is well, 1 that a question could
/// not be answered, 64 that it was typed wrongly.
extension ExitCode {
    /// 警報: what was asked about was read, and is not what was signed, or not what the other side holds. Never
    /// for a database, a gateway or a file that is away, so that whoever watches the status alone tells the
    /// two apart.
    static let alarm = ExitCode(2)
}

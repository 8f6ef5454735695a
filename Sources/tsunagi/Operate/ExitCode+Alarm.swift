import ArgumentParser

/// 終了状態 of `seal verify` and `witness`: 0 is well, 1 that a question could not be answered, 64 that it was
/// typed wrongly. What is wholly in front of whoever asks (`seal proof`) ends with 1 as well.
extension ExitCode {
    /// 警報: what was asked about was read, and is not what was signed. Never for a database, a gateway or a
    /// file that is away, so that whoever watches the status alone tells the two apart.
    static let alarm = ExitCode(2)
}

import Foundation

/// 使ったメモリー: the most that this process ever held. Not `getrusage`: its figure begins with what the
/// program that started this one held.
enum OwnMemory {
    /// 0 where the system does not tell.
    static var peakKilobytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").compactMap { Int($0) }.first ?? 0
    }
}

import Exchange
import Glibc

/// 接続口の番号: four ports in a row, the same every time, so that a command copied from the README meets
/// the demo; any free ones when somebody else has one of them.
enum DemoPorts {
    static let standardFirst = 18_441
    static let listeners: [Listener] = [.institution, .office, .resident, .operations]

    /// 0 for each when one of the four is taken: whoever serves picks free ones.
    static func from(_ first: Int) -> [Listener: Int] {
        let wanted = listeners.enumerated().map { ($1, first + $0) }
        guard wanted.allSatisfy({ isFree($0.1) }) else {
            return Dictionary(uniqueKeysWithValues: listeners.map { ($0, 0) })
        }
        return Dictionary(uniqueKeysWithValues: wanted)
    }

    /// Bound as a server binds, so that a port that only waits out its last connections counts as
    /// free.
    private static func isFree(_ port: Int) -> Bool {
        guard let number = UInt16(exactly: port), number > 0 else { return false }
        let tried = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard tried >= 0 else { return false }
        defer { close(tried) }
        var yes: Int32 = 1
        setsockopt(tried, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(tried, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

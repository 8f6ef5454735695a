import Glibc

/// A port of the loopback address that was free a moment ago, for a server that is not ours. None of those
/// that the system gives to connections by itself (from 32768 on): hundreds come and go beside a test.
package enum FreePort {
    package struct None: Error {}

    package static func take() throws -> Int {
        for _ in 0..<1_000 {
            let port = Int.random(in: 10_000..<32_000)
            if isFree(port) { return port }
        }
        throw None()
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0
            }
        }
    }
}

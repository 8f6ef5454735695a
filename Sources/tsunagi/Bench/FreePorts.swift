import Exchange
import Glibc

/// Ports of the loopback address that nobody uses at this moment.
enum FreePorts {
    static func take(_ listeners: [Listener]) throws -> [Listener: Int] {
        var ports: [Listener: Int] = [:]
        var open: [Int32] = []
        defer { for socket in open { close(socket) } }
        for listener in listeners {
            let (socket, port) = try free()
            open.append(socket)
            ports[listener] = port
        }
        return ports
    }

    private static func free() throws -> (Int32, Int) {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, length) == 0 && getsockname(listening, $0, &length) == 0
            }
        }
        guard bound else { throw SettingProblem("No free port on the loopback address.") }
        return (listening, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// The ports of a written configuration.
    static func read(_ path: String) throws -> [Listener: Int] {
        let listen = try JSON(reading: Files.read(path)).requiredObject(at: "configuration")
            .requiredObject("listen")
        var ports: [Listener: Int] = [:]
        for listener in Listener.allCases {
            ports[listener] = try listen.optionalObject(listener.rawValue)?.optionalInt("port")
        }
        return ports
    }
}

import Glibc

/// What a child process says through a pipe. Foundation's readers stop the whole program when a signal
/// comes while they wait; these go on.
package enum ChildOutput {
    package struct Unreadable: Error {}

    /// What has come since the last reading, waiting for it; empty at the end.
    /// Throws `Unreadable` when the descriptor cannot be read.
    package static func next(of descriptor: Int32) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            while true {
                let length = read(descriptor, buffer.baseAddress, buffer.count)
                if length >= 0 {
                    count = length
                    return
                }
                guard errno == EINTR else { throw Unreadable() }
            }
        }
    }

    /// All of it, once every process that could still write has closed its end.
    package static func all(of descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try next(of: descriptor)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }
}

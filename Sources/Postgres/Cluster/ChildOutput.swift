import Glibc

/// What a child process says through a pipe, and is told. Foundation's readers stop the whole program when a
/// signal comes while they wait; these go on.
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

    /// Whether all of it went in. The program that reads nothing more is no reason to end this one: whoever
    /// writes to pipes has SIGPIPE ignored, as every program with a server in it has.
    package static func tell(_ text: String, to descriptor: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                guard errno == EINTR else { return false }
            } else {
                rest = rest.dropFirst(count)
            }
        }
        return true
    }
}

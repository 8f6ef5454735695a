import Glibc

/// Finds bytes in bytes without copying either: the first byte by `memchr`, the rest by `memcmp`.
enum ByteSearch {
    static func offset(
        of wanted: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer, from start: Int = 0
    ) -> Int? {
        guard let base = bytes.baseAddress, let needle = wanted.baseAddress,
            let first = wanted.first
        else { return wanted.isEmpty ? start : nil }
        var place = start
        while bytes.count - place >= wanted.count {
            let reach = bytes.count - place - wanted.count + 1
            guard let found = memchr(base + place, Int32(first), reach) else { return nil }
            place = UnsafeRawPointer(found) - base
            if memcmp(base + place, needle, wanted.count) == 0 { return place }
            place += 1
        }
        return nil
    }

    static func offset(
        of text: StaticString, in bytes: UnsafeRawBufferPointer, from start: Int = 0
    ) -> Int? {
        text.withUTF8Buffer { offset(of: UnsafeRawBufferPointer($0), in: bytes, from: start) }
    }
}

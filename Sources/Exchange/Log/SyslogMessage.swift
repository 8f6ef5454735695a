/// syslog: one message of RFC 5424, in the frame of RFC 5425.
package struct SyslogMessage: Hashable, Sendable {
    package let at: Instant
    /// RFC 5424, 6.2.4: a name without spaces.
    package let host: String
    package let text: String

    package init(at: Instant, host: String, text: String) {
        self.at = at
        self.host = host
        self.text = text
    }

    /// Security and authorization (10), notice (5), as ITI-20 has it.
    private static let priority = 10 * 8 + 5
    /// DICOM PS3.15 A.6.
    private static let messageID = "DICOM+RFC3881"

    /// `MSG-LEN SP SYSLOG-MSG`; the length counts bytes, the byte order mark before the text among them.
    package var frame: [UInt8] {
        let header = "<\(Self.priority)>1 \(at.text) \(host) tsunagi - \(Self.messageID) - "
        let message = Array(header.utf8) + [0xEF, 0xBB, 0xBF] + Array(text.utf8)
        return Array("\(message.count) ".utf8) + message
    }
}

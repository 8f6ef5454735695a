package import Exchange

/// 上限: how much one listener takes before it says no, with the arithmetic behind each number.
/// Past a limit a caller gets 413, 429, 431 or 503 at once; nothing waits without a bound.
package struct Limits: Hashable, Sendable {
    /// One TLS connection holds about 40 kB (BoringSSL buffers, handlers, one task):
    /// 4,096 × 40 kB = 160 MB, inside the 250 MB a loaded gateway may use.
    package var connectionsMax = 4_096

    /// A large hospital keeps a few dozen windows open at once. 64 of 4,096: no single party can fill more
    /// than a sixty-fourth of a listener; and as much again with connections that are only told no, which are
    /// closed when nothing is asked on them within `headSeconds`, or at once where there are as many.
    package var connectionsPerPartyMax = 64

    /// Connections of one address (of IPv6 one /64) that nobody vouches for: handshakes under way, and
    /// those told no of whose party nothing is known. A quarter of the listener, so that no one address
    /// without a certificate fills it. Many institutions may stand behind one (NAT, a load balancer), and
    /// are not held up: two cores finish 2,000 handshakes a second, of which at half a second each 1,000
    /// are under way.
    package var strangersPerAddressMax = 1_024

    /// When the listener is full, a stranger who has been here so long goes, the oldest first, for whoever
    /// comes: three round trips over a bad mobile line take 2 s. To keep others out of 4,096 places takes
    /// 2,048 connections a second then, from however many addresses.
    package var strangerSecondsWhenFull = 2.0

    /// HTTP/1.1 carries one request per connection, and two cores answer about 10,000 checks a
    /// second: 512 in flight are 51 ms of work, beyond which waiting only makes everybody late. Who
    /// waits for the bytes of a body is not among them (`Slot`): the connections of a party bound that.
    package var requestsInFlightMax = 512

    /// A reception desk checks one resident each few seconds; a night batch for booked residents
    /// asks 3,000 times. 50 a second serve that batch in a minute. It is also how many refusals a second are
    /// entered for a party that is turned away, one commit each: past it there is a 429, which is not.
    package var requestsPerSecondPerParty = 50.0

    /// Four seconds' worth: opening the day at all windows at once is no abuse.
    package var requestBurstPerParty = 200.0

    /// Parties whose rate is remembered: 97,024 institutions exist. Each costs about 100 bytes,
    /// 10 MB when every institution of the country has asked, and as much again if each was turned away.
    package var partiesRememberedMax = 100_000

    /// The longest FHIR request we define has 9 kB; 64 kB leaves room for extensions.
    /// A route that takes files asks for more and says so where it reads its body.
    package var bodyBytesMax = 64 * 1_024

    /// What no route may exceed: a municipality's full registration of 20,000 residents at 1.5 kB.
    /// Files, which are not held, may be longer.
    package var anyBodyBytesMax = 32 * 1_024 * 1_024

    /// One header field. The longest we expect is a bearer token of 2 kB.
    package var headerFieldBytesMax = 8 * 1_024

    /// All header fields together, and how many of them: curl sends 5, a connector about 12.
    package var headerBytesMax = 16 * 1_024
    package var headerFieldsMax = 64

    /// From the accepted socket to the finished handshake: three round trips over a bad mobile
    /// line take 2 s.
    package var handshakeSeconds = 10.0

    /// From the first byte of a head to its last: 16 kB even at 2 kB/s.
    package var headSeconds = 8.0

    /// From the head to the last byte of the body, up to `bodyBytesMax`, …
    package var bodySeconds = 15.0

    /// … and beyond it at least this many bytes for each further second: 32 MB within 8 minutes.
    package var bodyBytesPerSecondMin = 64 * 1_024.0

    /// From the end of an answer until the client has taken it.
    package var answerSeconds = 30.0

    /// Between two requests. Longer than the minute after which a window is called again.
    package var keepAliveSeconds = 75.0

    /// After a signal to stop: what was accepted is finished, then connections are cut. systemd
    /// kills after 90 s.
    package var drainSeconds = 25.0

    /// The kernel's queue of connections not accepted yet: a quarter of a second of handshakes
    /// at 2,000 a second, and then some.
    package var backlog = 1_024

    package init() {}

    /// The limits of each listener where they differ from an institution's.
    package static func standard(for listener: Listener) -> Limits {
        var limits = Limits()
        switch listener {
        case .institution:
            break
        case .office:
            // Offices are few (1,788 municipalities and prefectures) and send files.
            limits.anyBodyBytesMax = BodyLimits.fileBytesMax
            limits.connectionsMax = 1_024
            limits.strangersPerAddressMax = 256
            limits.requestsInFlightMax = 128
            limits.requestsPerSecondPerParty = 100
            limits.requestBurstPerParty = 400
        case .resident:
            // One portal speaks for very many residents.
            limits.connectionsPerPartyMax = 1_024
            limits.requestsPerSecondPerParty = 1_000
            limits.requestBurstPerParty = 4_000
        case .operations:
            // A scraper, a load balancer and a person.
            limits.connectionsMax = 64
            limits.connectionsPerPartyMax = 64
            limits.strangersPerAddressMax = 16
            limits.requestsInFlightMax = 32
        }
        return limits
    }
}

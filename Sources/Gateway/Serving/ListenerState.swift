import Exchange
import Metrics
import NIOCore
import Synchronization

/// What all connections of one listener share: who is connected, how much is under way, and the
/// closures that say whom to believe and what time it is.
final class ListenerState: Sendable {
    let listener: Listener
    let limits: Limits
    /// `nil` on the operations listener when it speaks plain HTTP on loopback.
    let trust: ClientTrust?
    let now: @Sendable () -> Instant

    private let shares: PartyShares
    /// Of those who are turned away, apart: a revoked key MUST take nothing of what its party's new one has.
    private let turnedAway: PartyShares
    private let strangers: Strangers
    private let connections = Mutex(OpenConnections())
    private let inFlight = Atomic<Int>(0)
    private let listened = Atomic<Bool>(false)
    private let connectionsOpen: Meter
    private let requestsInFlight: Meter
    private let connectionsRefused: Counter

    init(
        listener: Listener, limits: Limits, trust: ClientTrust?,
        now: @escaping @Sendable () -> Instant, metrics: any MetricsFactory
    ) {
        self.listener = listener
        self.limits = limits
        self.trust = trust
        self.now = now
        shares = PartyShares(limits: limits)
        turnedAway = PartyShares(limits: limits)
        strangers = Strangers(atMost: limits.strangersPerAddressMax)
        let labels = [("listener", listener.rawValue)]
        connectionsOpen = Meter(
            label: "gateway_connections_open", dimensions: labels, factory: metrics)
        requestsInFlight = Meter(
            label: "gateway_requests_in_flight", dimensions: labels, factory: metrics)
        connectionsRefused = Counter(
            label: "gateway_connections_refused_total", dimensions: labels, factory: metrics)
    }

    /// Nothing when the listener is full, or as many strangers of its address are here as may be: the
    /// socket is closed then, before any handshake. A stranger who has been here too long does not make it
    /// full. Where no certificate is asked for nobody is a stranger.
    func open(_ channel: any Channel) -> Strangers.Place? {
        let origin = trust == nil ? nil : Strangers.Origin(channel.remoteAddress)
        guard let place = strangers.place(of: origin) else {
            connectionsRefused.increment()
            return nil
        }
        let now = NIODeadline.now()
        let patience = TimeAmount.nanoseconds(Int64(limits.strangerSecondsWhenFull * 1e9))
        let (count, outstayed) = connections.withLock {
            connections -> (count: Int?, outstayed: (any Channel)?) in
            var outstayed: (any Channel)?
            if connections.count >= limits.connectionsMax {
                guard let oldest = connections.removeStranger(from: now - patience) else {
                    return (nil, nil)
                }
                outstayed = oldest
            }
            connections.add(channel, place, at: now)
            return (connections.count, outstayed)
        }
        outstayed?.close(promise: nil)
        guard let count else {
            place.giveBack()
            connectionsRefused.increment()
            return nil
        }
        connectionsOpen.set(count)
        return place
    }

    func closed(_ channel: any Channel) {
        let count = connections.withLock { connections in
            connections.remove(channel)
            return connections.count
        }
        connectionsOpen.set(count)
    }

    /// Whether its address was ours: what ends it before that is about its address.
    var hasListened: Bool { listened.load(ordering: .sequentiallyConsistent) }

    func startsListening() { listened.store(true, ordering: .sequentiallyConsistent) }

    /// Cuts what is still open when the time to drain is over.
    func closeAll() -> Int {
        let open = connections.withLock { $0.channels }
        for channel in open {
            channel.close(promise: nil)
        }
        return open.count
    }

    func share(of party: Party) -> PartyShare? {
        shares.connect(party, now: NIODeadline.now().uptimeNanoseconds)
    }

    /// A place of the party's for a connection that is told no; nothing where it has as many as it may have.
    func shareOfTurnedAway(_ party: Party) -> PartyShare? {
        turnedAway.connect(party, now: NIODeadline.now().uptimeNanoseconds)
    }

    /// One request of a party that is turned away.
    func takeToken(of party: Party) -> Bool {
        turnedAway.takeToken(of: party, now: NIODeadline.now().uptimeNanoseconds)
    }

    /// `false` when as many requests are under way as may be. Otherwise `leave` MUST follow.
    func enter() -> Bool {
        let count = inFlight.wrappingAdd(1, ordering: .relaxed).newValue
        guard count <= limits.requestsInFlightMax else {
            inFlight.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        requestsInFlight.set(count)
        return true
    }

    /// Whatever is under way: of a request that was let in before, and waited. `leave` MUST follow.
    func enterAgain() {
        requestsInFlight.set(inFlight.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    func leave() {
        requestsInFlight.set(inFlight.wrappingSubtract(1, ordering: .relaxed).newValue)
    }
}

/// 席: one of the requests under way that a listener has room for. It is held while we work, and given back
/// while we wait for the sender's bytes, so that nobody is told to come back because of slow senders.
final class Slot: Sendable {
    private let state: ListenerState
    private let isHeld = Mutex(true)

    /// Throws `.overloaded` where there is no room. Otherwise `giveBack` MUST follow.
    init(of state: ListenerState) throws(Refusal) {
        guard state.enter() else { throw .overloaded }
        self.state = state
    }

    func giveBack() {
        let wasHeld = isHeld.withLock { isHeld in
            defer { isHeld = false }
            return isHeld
        }
        if wasHeld { state.leave() }
    }

    /// Throws `.overloaded` where there is no room, unless it `mustHold`.
    func takeAgain(mustHold: Bool) throws(Refusal) {
        if mustHold { state.enterAgain() } else if !state.enter() { throw .overloaded }
        isHeld.withLock { $0 = true }
    }
}

/// 開いている接続, and the strangers among them in the order in which they came: for whoever knocks a full
/// listener finds the one that goes without looking at all of them.
private struct OpenConnections {
    private struct Stranger {
        let key: ObjectIdentifier
        let place: Strangers.Place
        let since: NIODeadline
    }

    private var held: [ObjectIdentifier: (channel: any Channel, place: Strangers.Place)] = [:]
    private var strangers: [Stranger] = []
    /// Those before are gone, or somebody vouches for them: neither is a stranger ever again.
    private var passed = 0

    var count: Int { held.count }
    var channels: [any Channel] { held.values.map(\.channel) }

    mutating func add(_ channel: any Channel, _ place: Strangers.Place, at now: NIODeadline) {
        let key = ObjectIdentifier(channel)
        held[key] = (channel, place)
        passOver()
        if place.isHeld { strangers.append(Stranger(key: key, place: place, since: now)) }
    }

    mutating func remove(_ channel: any Channel) { held[ObjectIdentifier(channel)] = nil }

    /// The one that has been here longest, if it came by this moment.
    mutating func removeStranger(from moment: NIODeadline) -> (any Channel)? {
        passOver()
        guard passed < strangers.count, strangers[passed].since <= moment else { return nil }
        passed += 1
        return held.removeValue(forKey: strangers[passed - 1].key)?.channel
    }

    /// Each is passed over once, and moved once for each time that the line is cut.
    private mutating func passOver() {
        while passed < strangers.count {
            let next = strangers[passed]
            // Another connection may have the key of one that is gone.
            guard !next.place.isHeld || held[next.key]?.place !== next.place else { break }
            passed += 1
        }
        guard passed > strangers.count / 2 else { return }
        strangers.removeFirst(passed)
        passed = 0
    }
}

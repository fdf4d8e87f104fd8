using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;

namespace RocketOps.Remoting.Connections;

/// <summary>Limits and identity of one end of the protocol. Defaults are RocketMQ's where it has one.</summary>
public sealed class RemotingOptions
{
    /// <summary>
    /// Version that this end reports in every frame. Matches a 5.3-level broker; clients branch on it (remoting.md §1.7).
    /// </summary>
    public int Version { get; init; } = MqVersion.V533;

    /// <summary>Largest frame accepted, length field included, in bytes. Matches com.rocketmq.remoting.frameMaxLength.</summary>
    public int MaxFrameBytes { get; init; } = FrameLayout.DefaultMaxFrameBytes;

    /// <summary>
    /// Longest header accepted, in bytes. The longest a client has reason to send is that of a message with all the properties it may
    /// have, 32 767 bytes (remoting.md §4.2), of which JSON
    /// may make six bytes each; nothing else in a request's header is longer than a kilobyte or so. A header is read on the connection's
    /// loop.
    /// </summary>
    public int MaxHeaderBytes { get; init; } = 256 * 1024;

    /// <summary>
    /// A connection without any byte in either direction for this long is closed, a client's also when only this end has sent some.
    /// Matches serverChannelMaxIdleTimeSeconds (120 s).
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// Requests of one connection that handlers work on off its loop at the same time; more are answered SYSTEM_BUSY. RocketMQ bounds the
    /// queue of each executor
    /// (10 000 entries for admin requests, remoting.md §5.5); per connection a tenth of it keeps one client from using all.
    /// </summary>
    public int MaxDetachedRequests { get; init; } = 1000;

    /// <summary>
    /// Requests this end may have outstanding on one connection. Matches the server's 64 + 256 permits rounded up; clients raise it.
    /// </summary>
    public int MaxOutstandingRequests { get; init; } = 512;

    /// <summary>
    /// Bytes written but not taken by the peer after which the connection is closed, so that a peer that stopped reading cannot hold the
    /// memory.
    /// </summary>
    public long MaxUnsentBytes { get; init; } = 64L * 1024 * 1024;
}

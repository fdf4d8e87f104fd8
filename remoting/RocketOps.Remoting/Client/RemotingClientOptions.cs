using System.Net;
using System.Net.Sockets;
using RocketOps.Protocol.Framing;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Client;

/// <summary>Settings of a <see cref="RemotingClient"/>.</summary>
public sealed class RemotingClientOptions
{
    /// <summary>Time that connecting may take. Matches com.rocketmq.remoting.client.connect.timeout (3 s).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Time that an answer may take when the caller does not say. Matches mqClientApiTimeout (3 s).</summary>
    public TimeSpan InvokeTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Least bytes a second of an answer that has begun; a connection whose answer gets fewer for 30 s is closed, as at a server. 0: any
    /// speed will do.
    /// </summary>
    public int MinFrameBytesPerSecond { get; init; } = 512;

    /// <summary>
    /// Limits of each connection; clients may have 65 535 requests outstanding (remoting.md §1.8). The answer to a batch has an id for
    /// each of its messages, in its header: what
    /// a server that was asked answers is limited by the frame alone.
    /// </summary>
    public RemotingOptions Remoting { get; init; } = new() { MaxOutstandingRequests = 65_535, MaxHeaderBytes = FrameLayout.DefaultMaxFrameBytes };
}

/// <summary>
/// Finds the addresses of one <c>host:port</c>, at least one, in the order to be tried. Throws <see cref="SocketException"/> when the
/// name is unknown and
/// <see cref="FormatException"/> when it is malformed.
/// </summary>
public delegate Task<IReadOnlyList<IPEndPoint>> AddressResolver(string address, CancellationToken cancellationToken);

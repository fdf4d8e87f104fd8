using System.Net.Sockets;

namespace RocketOps.Remoting.Client;

/// <summary>
/// Sockets of a client. The kernel ends a connection whose peer does not even acknowledge bytes: the last net, below <see
/// cref="Connections.PeerSilence"/>, for connections on which no
/// request runs out of time.
/// </summary>
internal static class ClientSockets
{
    /// <summary>Seconds without a byte after which the kernel probes the peer, between probes, and the number of probes.</summary>
    private const int KeepAliveTime = 15;

    private const int KeepAliveInterval = 5;

    private const int KeepAliveProbes = 3;

    /// <summary>IPPROTO_TCP and TCP_USER_TIMEOUT of Linux, which .NET has no name for: tcp(7).</summary>
    private const int TcpLevel = 6;

    private const int TcpUserTimeout = 18;

    /// <summary>A socket that is not connected yet.</summary>
    public static Socket Create(AddressFamily family)
    {
        Socket socket = new(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveTime);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveInterval);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
            if (OperatingSystem.IsLinux())
            {
                // As long as keep-alive takes: with an own write on its way the kernel does not probe, and would repeat the write for a
                // quarter of an hour.
                Span<byte> milliseconds = stackalloc byte[sizeof(int)];
                BitConverter.TryWriteBytes(milliseconds, 1000 * (KeepAliveTime + (KeepAliveInterval * KeepAliveProbes)));
                socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, milliseconds);
            }
        }
        catch (SocketException)
        {
            // A system without these options: requests that run out of time find a dead connection all the same.
        }

        return socket;
    }

    /// <summary>Bytes that have arrived and were not read; 0 for a closed socket.</summary>
    public static int UnreadBytes(Socket socket)
    {
        try
        {
            return socket.Available;
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }
}

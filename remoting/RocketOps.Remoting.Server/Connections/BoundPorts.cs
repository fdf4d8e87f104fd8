using System.Net;
using System.Net.Sockets;

namespace RocketOps.Remoting.Server.Connections;

/// <summary>Listeners bound to the addresses of a server.</summary>
internal static class BoundPorts
{
    private const int Backlog = 1024;

    /// <summary>Binds all or none. Throws <see cref="IOException"/> when a port is taken.</summary>
    public static List<Socket> Listen(IEnumerable<IPEndPoint> endPoints)
    {
        List<Socket> bound = [];
        try
        {
            foreach (IPEndPoint endPoint in endPoints)
            {
                bound.Add(Bind(endPoint));
            }

            return bound;
        }
        catch
        {
            bound.ForEach(static listener => listener.Dispose());
            throw;
        }
    }

    private static Socket Bind(IPEndPoint endPoint)
    {
        Socket listener = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                listener.DualMode = true;
            }

            listener.Bind(endPoint);
            listener.Listen(Backlog);
            return listener;
        }
        catch (SocketException error)
        {
            listener.Dispose();
            string reason = error.SocketErrorCode == SocketError.AddressAlreadyInUse ? "address already in use" : error.Message;
            throw new IOException($"Failed to bind to address {endPoint}: {reason}.", error);
        }
    }
}

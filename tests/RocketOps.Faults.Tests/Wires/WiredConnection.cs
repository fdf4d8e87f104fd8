using System.Net;
using System.Net.Sockets;

namespace RocketOps.Faults.Tests.Wires;

/// <summary>A TCP connection between two machines of a network, both ends of which the test has.</summary>
internal sealed class WiredConnection : IDisposable
{
    private WiredConnection(Socket client, Socket server)
    {
        Client = client;
        Server = server;
    }

    public Socket Client { get; }

    public Socket Server { get; }

    public static async Task<WiredConnection> OpenAsync(NetworkNamespace client, NetworkNamespace server)
    {
        using Socket listener = await server.InsideAsync(NewSocket);
        listener.Bind(new IPEndPoint(server.Place.Address, 0));
        listener.Listen();
        Socket connected = await client.InsideAsync(NewSocket);
        await connected.ConnectAsync(listener.LocalEndPoint!);
        return new WiredConnection(connected, await listener.AcceptAsync());
    }

    /// <summary>All of what is to come to a socket, in pieces as it comes.</summary>
    public static async Task<byte[]> ReceiveAsync(Socket socket, int bytes)
    {
        byte[] received = new byte[bytes];
        for (int have = 0; have < bytes;)
        {
            int more = await socket.ReceiveAsync(received.AsMemory(have));
            have += more > 0 ? more : throw new EndOfStreamException($"{have} of {bytes} bytes came");
        }

        return received;
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
}

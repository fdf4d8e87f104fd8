using System.Net;
using System.Net.Sockets;

namespace RocketOps.Testing.Processes;

/// <summary>Ports for programs that cannot be asked for port 0, because a foreign program gets the number on its command line.</summary>
public static class LoopbackPorts
{
    // Below Linux's ephemeral range (32768…), so that no outgoing connection takes a port between the check and the listen.
    private const int First = 21_000;
    private const int Last = 29_900;

    /// <summary>A number P for which every P + offset is free at this moment.</summary>
    public static int Find(params ReadOnlySpan<int> offsets)
    {
        for (int attempt = 0; attempt < 200; attempt++)
        {
            int candidate = Random.Shared.Next(First, Last);
            if (AllFree(candidate, offsets))
            {
                return candidate;
            }
        }

        throw new InvalidOperationException($"no free ports between {First} and {Last}");
    }

    private static bool AllFree(int port, ReadOnlySpan<int> offsets)
    {
        foreach (int offset in offsets)
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port + offset));
            }
            catch (SocketException)
            {
                return false;
            }
        }

        return true;
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RocketOps.Testing.Processes;

/// <summary>
/// Ports for programs that cannot be asked for port 0, because a foreign program gets the number on its command line. They are the caller's until its process ends, also while
/// nobody listens on them: between a program's end and its next start, no other test takes them.
/// </summary>
public static class LoopbackPorts
{
    // Below Linux's ephemeral range (32768…), so that no outgoing connection takes a port, and above those that brokers, name servers and pods have by themselves.
    private const int First = 12_000;
    private const int BlockSize = 16;
    private const int Blocks = 1_100;

    /// <summary>With which planes of <c>rocketops up</c> claim their networks, on addresses of their own: a listener on all addresses would keep them from it.</summary>
    private const int ClaimOfNetworks = 25_010;

    // Open files are what holds blocks: the system lets go of them with the process, however that ends.
    private static readonly ConcurrentBag<FileStream> Held = [];

    /// <summary>A number P for which every P + offset is nobody else's. Without offsets P alone is meant; offsets span at most 16 numbers.</summary>
    public static int Find(params ReadOnlySpan<int> offsets)
    {
        int lowest = 0;
        foreach (int offset in offsets)
        {
            lowest = Math.Min(lowest, offset);
        }

        int begin = Random.Shared.Next(Blocks);
        for (int i = 0; i < Blocks; i++)
        {
            int block = First + (begin + i) % Blocks * BlockSize;
            if (Claim(block) is { } claim)
            {
                if (AllFree(block - lowest, offsets.IsEmpty ? [0] : offsets))
                {
                    Held.Add(claim);
                    return block - lowest;
                }

                claim.Dispose();
            }
        }

        throw new InvalidOperationException($"no free ports between {First} and {First + Blocks * BlockSize}");
    }

    private static FileStream? Claim(int block)
    {
        if (ClaimOfNetworks >= block && ClaimOfNetworks < block + BlockSize)
        {
            return null;
        }

        DirectoryInfo folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "rocketops-test-ports"));
        try
        {
            return new FileStream(Path.Combine(folder.FullName, block.ToString(CultureInfo.InvariantCulture)), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            return null;
        }
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

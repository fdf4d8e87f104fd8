using System.Net;
using System.Net.Sockets;

namespace RocketOps.Embedded.Kubelet.Network;

/// <summary>
/// The addresses of one control plane: 127.10.N.0/24, where .1 is the node and .2 to .254 are pods. The whole of
/// 127.0.0.0/8 belongs to the loopback device on Linux and Windows, so pods can all use the standard ports. Which N is
/// free is settled between processes by listening on a port of the node's address; whoever holds it owns N.
/// </summary>
internal sealed class LoopbackNetwork : IDisposable
{
    // No known daemon's: a real kubelet listens on port 10250 of all addresses, these ones included.
    private const int ClaimPort = 25010;
    private const int FirstPod = 2;
    private const int LastPod = 254;

    private readonly Socket _claim;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, byte> _byOwner = new(StringComparer.Ordinal);
    private readonly HashSet<byte> _used = [];
    private byte _next = FirstPod;

    private LoopbackNetwork(Socket claim, byte subnet)
    {
        _claim = claim;
        Subnet = subnet;
    }

    public byte Subnet { get; }

    public IPAddress NodeAddress => AddressOf(1);

    /// <summary>
    /// Takes the preferred subnet, or the next free one. Throws <see cref="IOException"/> when the machine has no loopback
    /// addresses beyond 127.0.0.1 (macOS without aliases) or all 256 subnets are taken.
    /// </summary>
    public static LoopbackNetwork Claim(byte preferred)
    {
        SocketException? last = null;
        for (int i = 0; i < 256; i++)
        {
            byte subnet = (byte)(preferred + i);
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
            try
            {
                socket.Bind(new IPEndPoint(new IPAddress([127, 10, subnet, 1]), ClaimPort));
                socket.Listen(1);
                return new LoopbackNetwork(socket, subnet);
            }
            catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AddressNotAvailable)
            {
                socket.Dispose();
                throw new IOException(
                    $"This machine has no loopback address 127.10.{subnet}.1. Every pod gets a loopback address of its own; "
                    + $"on macOS create them first: for i in $(seq 1 20); do sudo ifconfig lo0 alias 127.10.{subnet}.$i; done", failure);
            }
            catch (SocketException failure)
            {
                socket.Dispose();
                last = failure;
            }
        }

        throw new IOException(
            $"None of the loopback networks 127.10.0.0/24 to 127.10.255.0/24 is free: a program listens on port {ClaimPort} of all addresses, or 256 control planes run.", last);
    }

    /// <summary>
    /// The address of a pod, the same for the same owner until released. A wish (the address it had before a restart)
    /// is granted when free. Null when all 253 are taken.
    /// </summary>
    public IPAddress? Acquire(string owner, IPAddress? wish)
    {
        lock (_gate)
        {
            if (_byOwner.TryGetValue(owner, out byte held))
            {
                return AddressOf(held);
            }

            if (wish is not null && IsPodAddress(wish, out byte wished) && _used.Add(wished))
            {
                _byOwner[owner] = wished;
                return wish;
            }

            // Round robin, so that the address of a pod that just ended is not at once another pod's.
            for (int tries = FirstPod; tries <= LastPod; tries++)
            {
                byte candidate = _next;
                _next = candidate == LastPod ? (byte)FirstPod : (byte)(candidate + 1);
                if (_used.Add(candidate))
                {
                    _byOwner[owner] = candidate;
                    return AddressOf(candidate);
                }
            }

            return null;
        }
    }

    public void Release(string owner)
    {
        lock (_gate)
        {
            if (_byOwner.Remove(owner, out byte host))
            {
                _used.Remove(host);
            }
        }
    }

    public void Dispose() => _claim.Dispose();

    private bool IsPodAddress(IPAddress address, out byte host)
    {
        Span<byte> bytes = stackalloc byte[4];
        host = 0;
        if (address.AddressFamily != AddressFamily.InterNetwork || !address.TryWriteBytes(bytes, out _))
        {
            return false;
        }

        host = bytes[3];
        return bytes[0] == 127 && bytes[1] == 10 && bytes[2] == Subnet && host is >= FirstPod and <= LastPod;
    }

    private IPAddress AddressOf(byte host) => new([127, 10, Subnet, host]);
}

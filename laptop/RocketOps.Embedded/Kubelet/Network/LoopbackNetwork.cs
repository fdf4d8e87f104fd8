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
    private readonly AddressBook _book;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, byte> _byOwner = new(StringComparer.Ordinal);
    private readonly HashSet<byte> _used = [];
    private byte _next = FirstPod;

    private LoopbackNetwork(Socket claim, byte subnet, AddressBook book)
    {
        _claim = claim;
        _book = book;
        Subnet = subnet;
    }

    public byte Subnet { get; }

    public IPAddress NodeAddress => AddressOf(1);

    /// <summary>
    /// Takes the preferred subnet, or the next free one. Throws <see cref="IOException"/> when the machine has no loopback
    /// addresses beyond 127.0.0.1 (macOS without aliases) or all 256 subnets are taken.
    /// </summary>
    /// <param name="preferred">N of the subnet.</param>
    /// <param name="book">Which pods keep their addresses.</param>
    public static LoopbackNetwork Claim(byte preferred, AddressBook book)
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
                return new LoopbackNetwork(socket, subnet, book);
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
    /// The address of a pod, the same for the same owner until released. Null when all 253 are taken.
    /// </summary>
    /// <param name="owner">The pod's uid.</param>
    /// <param name="wish">The address it had before a restart: granted when free.</param>
    /// <param name="name">
    /// For a pod that is made anew under its name: the address belongs to the name and is, before all others are taken, nobody else's.
    /// </param>
    public IPAddress? Acquire(string owner, IPAddress? wish, string? name = null)
    {
        lock (_gate)
        {
            if (_byOwner.TryGetValue(owner, out byte held))
            {
                return AddressOf(held);
            }

            byte? host = Kept(name) ?? Wished(wish) ?? Free(isKeptToo: false) ?? Free(isKeptToo: true);
            if (host is not { } taken)
            {
                return null;
            }

            _used.Add(taken);
            _byOwner[owner] = taken;
            if (name is not null)
            {
                _book.Keep(AddressBook.Pod, name, taken);
            }

            return AddressOf(taken);
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

    private byte? Kept(string? name) =>
        name is not null && _book.Find(AddressBook.Pod, name) is { } kept and >= FirstPod and <= LastPod && !_used.Contains((byte)kept) ? (byte)kept : null;

    private byte? Wished(IPAddress? wish) => wish is not null && IsPodAddress(wish, out byte wished) && !_used.Contains(wished) ? wished : null;

    /// <summary>Round robin, so that the address of a pod that just ended is not at once another pod's.</summary>
    private byte? Free(bool isKeptToo)
    {
        for (int tries = FirstPod; tries <= LastPod; tries++)
        {
            byte candidate = _next;
            _next = candidate == LastPod ? (byte)FirstPod : (byte)(candidate + 1);
            if (!_used.Contains(candidate) && (isKeptToo || !_book.Keeps(AddressBook.Pod, candidate)))
            {
                return candidate;
            }
        }

        return null;
    }

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

using System.Buffers.Binary;
using System.Net;

namespace RocketOps.Protocol.Records;

/// <summary>
/// Address and port as a record holds them: 4 or 16 raw address bytes, then the port as a 4-byte integer (store.md §2.1). A value, so that a connection keeps
/// one and no message allocates. Addresses of IPv4 mapped into IPv6 become IPv4, as Java presents them.
/// </summary>
public readonly record struct MessageHost
{
    private readonly ulong _high;
    private readonly ulong _low;

    private MessageHost(ulong high, ulong low, bool isIPv6, int port)
    {
        _high = high;
        _low = low;
        IsIPv6 = isIPv6;
        Port = port;
    }

    // ::ffff:0:0/96
    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

    public bool IsIPv6 { get; }

    public int Port { get; }

    public static MessageHost From(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return From(endPoint.Address, endPoint.Port);
    }

    public static MessageHost From(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return FromBytes(bytes[..length], port);
    }

    /// <summary>Address of 4 or 16 bytes in network order.</summary>
    public static MessageHost FromBytes(ReadOnlySpan<byte> address, int port) => address.Length switch
    {
        4 => new MessageHost(0, BinaryPrimitives.ReadUInt32BigEndian(address), isIPv6: false, port),
        16 when address.StartsWith(MappedPrefix) => new MessageHost(0, BinaryPrimitives.ReadUInt32BigEndian(address[12..]), isIPv6: false, port),
        16 => new MessageHost(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), isIPv6: true, port),
        _ => throw new ArgumentException("An address has 4 or 16 bytes.", nameof(address)),
    };

    /// <summary>Writes address and port, returns the number of bytes written.</summary>
    public int Write(Span<byte> destination)
    {
        if (IsIPv6)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
            BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _low);
            BinaryPrimitives.WriteInt32BigEndian(destination[16..], Port);
            return 20;
        }

        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_low);
        BinaryPrimitives.WriteInt32BigEndian(destination[4..], Port);
        return 8;
    }

    public IPAddress ToAddress()
    {
        Span<byte> bytes = stackalloc byte[20];
        Write(bytes);
        return new IPAddress(bytes[..(IsIPv6 ? 16 : 4)]);
    }

    public override string ToString() => IsIPv6 ? $"[{ToAddress()}]:{Port}" : $"{ToAddress()}:{Port}";
}

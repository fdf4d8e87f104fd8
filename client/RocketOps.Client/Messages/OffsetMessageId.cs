using System.Buffers.Binary;
using System.Net;

namespace RocketOps.Client;

/// <summary>The id that says where a message is stored: upper-case hexadecimal of address, port (32 bits) and physical offset. Source: remoting.md §4.5.</summary>
internal static class OffsetMessageId
{
    public static string Write(IPEndPoint storeHost, long physicalOffset)
    {
        byte[] address = storeHost.Address.GetAddressBytes();
        Span<byte> id = stackalloc byte[address.Length + 12];
        address.CopyTo(id);
        BinaryPrimitives.WriteInt32BigEndian(id[address.Length..], storeHost.Port);
        BinaryPrimitives.WriteInt64BigEndian(id[(address.Length + 4)..], physicalOffset);
        return Convert.ToHexString(id);
    }
}

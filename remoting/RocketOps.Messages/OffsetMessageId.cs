using System.Buffers.Binary;
using System.Text;

namespace RocketOps.Messages;

/// <summary>
/// The id a send is answered with: upper-case hex of store host (address, 4-byte port) and physical offset. Clients find broker and record by it.
/// Source: remoting.md §4.5.
/// </summary>
public static class OffsetMessageId
{
    /// <summary>Characters of an id with an IPv6 host, the longest.</summary>
    public const int MaxLength = 56;

    /// <summary>Writes the id as ASCII and returns its length: 32 or 56.</summary>
    public static int Write(MessageHost host, PhysicalOffset offset, Span<byte> destination)
    {
        Span<byte> raw = stackalloc byte[28];
        int length = host.Write(raw);
        BinaryPrimitives.WriteInt64BigEndian(raw[length..], offset.Value);
        length += sizeof(long);
        for (int i = 0; i < length; i++)
        {
            destination[2 * i] = Digit(raw[i] >> 4);
            destination[(2 * i) + 1] = Digit(raw[i] & 0xF);
        }

        return 2 * length;
    }

    public static string Format(MessageHost host, PhysicalOffset offset)
    {
        Span<byte> id = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(id[..Write(host, offset, id)]);
    }

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);
}

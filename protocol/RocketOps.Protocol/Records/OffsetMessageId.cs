using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace RocketOps.Protocol.Records;

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
        WriteDigits(raw[..length], destination);
        return 2 * length;
    }

    public static string Format(MessageHost host, PhysicalOffset offset)
    {
        Span<byte> id = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(id[..Write(host, offset, id)]);
    }

    /// <summary>Eight bytes at a time, with what every machine has: every send is answered with an id, and the runtime's own way is a slow one where it is compiled for any machine.</summary>
    private static void WriteDigits(ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        int at = 0;
        for (; Vector128.IsHardwareAccelerated && raw.Length - at >= sizeof(ulong); at += sizeof(ulong))
        {
            // Of each byte the upper half comes first.
            Vector128<ushort> pairs = Vector128.WidenLower(Vector128.CreateScalar(MemoryMarshal.Read<ulong>(raw[at..])).AsByte());
            Vector128<byte> values = ((pairs >>> 4) | ((pairs & Vector128.Create((ushort)0xF)) << 8)).AsByte();
            Vector128<byte> letters = Vector128.GreaterThan(values.AsSByte(), Vector128.Create((sbyte)9)).AsByte() & Vector128.Create((byte)('A' - '9' - 1));
            (values + Vector128.Create((byte)'0') + letters).CopyTo(destination[(2 * at)..]);
        }

        for (; at < raw.Length; at++)
        {
            destination[2 * at] = Digit(raw[at] >> 4);
            destination[(2 * at) + 1] = Digit(raw[at] & 0xF);
        }
    }

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);
}

using System.Buffers.Binary;

namespace RocketOps.Client.Producing;

/// <summary>A message as it lies in a batch: total size, magic 0, CRC 0, flag, body length; the body; 2 bytes of length and the properties. Source: remoting.md §4.6.</summary>
/// <param name="Body">Not compressed; nothing of a batch is.</param>
/// <param name="Properties">As UTF-8, at most <see cref="MessagePropertiesCodec.MaxBytes"/>.</param>
/// <param name="Flag">The application's number.</param>
/// <param name="Id">Unique key, which is among the properties.</param>
internal readonly record struct BatchPart(ReadOnlyMemory<byte> Body, byte[] Properties, int Flag, string Id)
{
    private const int FlagAt = 12;
    private const int BodyLengthAt = 16;
    private const int BodyAt = 20;

    /// <summary>What it takes.</summary>
    public int Bytes => checked(BodyAt + Body.Length + sizeof(short) + Properties.Length);

    /// <param name="destination">At least <see cref="Bytes"/>, all zero.</param>
    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, Bytes);
        BinaryPrimitives.WriteInt32BigEndian(destination[FlagAt..], Flag);
        BinaryPrimitives.WriteInt32BigEndian(destination[BodyLengthAt..], Body.Length);
        Body.Span.CopyTo(destination[BodyAt..]);
        Span<byte> behind = destination[(BodyAt + Body.Length)..];
        BinaryPrimitives.WriteInt16BigEndian(behind, (short)Properties.Length);
        Properties.CopyTo(behind[sizeof(short)..]);
    }
}

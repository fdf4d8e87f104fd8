using System.Buffers.Binary;

namespace RocketOps.Client.Messages;

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

    /// <summary>Size of the message in the batch, in bytes.</summary>
    public int Bytes => checked(BodyAt + Body.Length + sizeof(short) + Properties.Length);

    /// <summary>Reads the message at the start of a batch and moves past it; what is returned borrows from the batch. Throws <see cref="InvalidDataException"/> saying what is wrong.</summary>
    public static (ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Properties, int Flag) Read(ref ReadOnlyMemory<byte> batch)
    {
        const int Least = BodyAt + sizeof(short);
        int bytes = batch.Length >= Least ? BinaryPrimitives.ReadInt32BigEndian(batch.Span) : 0;
        if (bytes < Least || bytes > batch.Length)
        {
            throw new InvalidDataException($"a message of {bytes} bytes does not fit into the {batch.Length} bytes left of its batch");
        }

        ReadOnlyMemory<byte> message = batch[..bytes];
        int bodyBytes = BinaryPrimitives.ReadInt32BigEndian(message.Span[BodyLengthAt..]);
        if (bodyBytes < 0 || bodyBytes > bytes - Least)
        {
            throw new InvalidDataException($"a body of {bodyBytes} bytes does not fit into a message of {bytes} bytes in a batch");
        }

        int propertyBytes = BinaryPrimitives.ReadInt16BigEndian(message.Span[(BodyAt + bodyBytes)..]);
        if (propertyBytes != bytes - Least - bodyBytes)
        {
            throw new InvalidDataException($"a message of {bytes} bytes in a batch has a body of {bodyBytes} bytes and properties of {propertyBytes}");
        }

        batch = batch[bytes..];
        return (message.Slice(BodyAt, bodyBytes), message[(Least + bodyBytes)..], BinaryPrimitives.ReadInt32BigEndian(message.Span[FlagAt..]));
    }

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

using System.Net;

namespace RocketOps.Client;

/// <summary>Reads the records of a pull answer: commit-log records one after another, without a count. Source: remoting.md §4.1.</summary>
internal static class StoredMessageDecoder
{
    /// <summary>
    /// Adds what the record at the start of <paramref name="bytes"/> holds to <paramref name="messages"/>, one message or those of an <see cref="InnerBatchRecord"/>, and moves past it as
    /// <see cref="Decode"/> does, which also says what is thrown; nothing is added then.
    /// </summary>
    public static void DecodeInto(List<StoredMessage> messages, ref ReadOnlyMemory<byte> bytes)
    {
        StoredMessage record = Decode(ref bytes);
        if (InnerBatchRecord.Is(record))
        {
            InnerBatchRecord.Unwrap(record, messages);
        }
        else
        {
            messages.Add(record);
        }
    }

    /// <summary>
    /// Decodes the record at the start of <paramref name="bytes"/> and moves past it, also when it is damaged; past everything when not even its size can be believed.
    /// The body borrows from <paramref name="bytes"/>. Throws <see cref="InvalidDataException"/> saying what is wrong.
    /// </summary>
    public static StoredMessage Decode(ref ReadOnlyMemory<byte> bytes)
    {
        int size = RecordView.SizeAt(bytes.Span);
        if (size < RecordLayout.BlankBytes || size > bytes.Length)
        {
            int left = bytes.Length;
            bytes = default;
            throw new InvalidDataException($"a record of {size} bytes does not fit into the {left} bytes left");
        }

        ReadOnlyMemory<byte> record = bytes[..size];
        bytes = bytes[size..];
        RecordView view = RecordView.Read(record.Span);
        return new StoredMessage(
            view.TopicName,
            view.QueueId,
            view.QueueOffset,
            view.Flag,
            view.SysFlag,
            new MessageBirth(view.BornTimestamp, EndPoint(view.BornHost, "born host")),
            new StoredPlace(EndPoint(view.StoreHost, "store host"), view.PhysicalOffset, view.StoreTimestamp),
            view.ReconsumeTimes,
            record.Slice(view.BodyAt, view.Body.Length),
            MessagePropertiesCodec.Read(view.Properties));
    }

    private static IPEndPoint EndPoint(MessageHost host, string field) => host.Port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort
        ? new IPEndPoint(host.ToAddress(), host.Port)
        : throw new InvalidDataException($"{field}: {host.Port} is no port");
}

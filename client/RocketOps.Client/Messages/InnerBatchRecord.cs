using System.Globalization;
using RocketOps.Client.Messages;

namespace RocketOps.Client;

/// <summary>
/// A record of a batch consume queue with several messages: its body is the batch as the producer sent it, its queue offset that of the first. Source: remoting.md §4.3, §4.6, MessageDecoder of
/// 5.5.0.
/// </summary>
internal static class InnerBatchRecord
{
    private const int Flags = SysFlags.NeedsUnwrap | SysFlags.InnerBatch;

    /// <summary>True when a record has to be taken apart.</summary>
    public static bool Is(StoredMessage record) => (record.SysFlag & Flags) == Flags;

    /// <summary>
    /// Adds the messages of a record to <paramref name="messages"/>, in their order: body, flag and properties are their own, everything else is the record's. All or none. Throws
    /// <see cref="InvalidDataException"/> saying what is wrong.
    /// </summary>
    public static void Unwrap(StoredMessage record, List<StoredMessage> messages)
    {
        if ((record.SysFlag & SysFlags.Compressed) != 0)
        {
            throw new InvalidDataException("a batch is compressed, which no producer does");
        }

        List<StoredMessage> unwrapped = [];
        ReadOnlyMemory<byte> rest = record.Body;
        while (!rest.IsEmpty)
        {
            (ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> properties, int flag) = BatchPart.Read(ref rest);
            unwrapped.Add(record with
            {
                QueueOffset = record.QueueOffset + unwrapped.Count,
                Flag = flag,
                SysFlag = record.SysFlag & ~Flags,
                Body = body,
                Properties = MessagePropertiesCodec.Read(properties.Span),
                IsInner = true,
            });
        }

        // With another number their offsets would be those of other messages.
        string? expected = record.Properties.GetValueOrDefault(PropertyNames.InnerNum);
        if (unwrapped.Count == 0 || (expected is not null && expected != unwrapped.Count.ToString(CultureInfo.InvariantCulture)))
        {
            throw new InvalidDataException($"a batch has {unwrapped.Count} messages, and says that they are {expected ?? "some"}");
        }

        messages.AddRange(unwrapped);
    }
}

using RocketOps.Store.Contracts;
using RocketOps.Store.Records;
using RocketOps.Store.State;

namespace RocketOps.Store.Log;

/// <summary>Limits of what may be appended: sizes of messages and batches, and whether the store takes any now.</summary>
internal sealed class AppendLimits(StoreOptions options, StoreState state, PendingWrites writes, LogRoom room)
{
    /// <summary>Largest record, or batch of records, that can be appended.</summary>
    public static long MaxUnitBytes(StoreOptions options) =>
        options.MaxMessageBytes + RecordLayout.FixedBytes + 1 + (2 * RecordLayout.IPv6ExtraBytes) + RecordLayout.MaxTopicBytesV2 + RecordLayout.MaxPropertiesBytes;

    /// <summary>Number of messages of a batch body, −1 when it is malformed.</summary>
    public static int CountBatch(ReadOnlySpan<byte> body)
    {
        int count = 0;
        BatchBodyReader reader = new(body);
        while (reader.MoveNext())
        {
            count++;
        }

        return reader.IsMalformed ? -1 : count;
    }

    /// <summary>Bytes that the properties take of the message of a client batch body that has most of them; of the messages before the fault where it is malformed.</summary>
    public static int LongestProperties(ReadOnlySpan<byte> body)
    {
        int longest = 0;
        BatchBodyReader reader = new(body);
        while (reader.MoveNext())
        {
            longest = Math.Max(longest, reader.Properties.Length);
        }

        return longest;
    }

    /// <summary>The record that the reader stands at.</summary>
    public static RecordEncoder BatchRecord(in BatchToAppend batch, ReadOnlySpan<byte> topic, scoped ref BatchBodyReader reader, int bodyCrc) => new(in batch.FieldsInPlace)
    {
        Topic = topic,
        QueueId = batch.QueueId,
        Flag = reader.Flag,
        Body = reader.Body,
        BodyCrc = bodyCrc,
        Properties = new PropertyParts(reader.Properties, batch.MoreProperties, default),
    };

    /// <summary>Bytes and messages of a batch; refused as a whole when one of its messages would be, or when it has more than <paramref name="maxCount"/>.</summary>
    public AppendStatus MeasureBatch(in BatchToAppend batch, ReadOnlySpan<byte> topic, int maxCount, out int totalSize, out int count)
    {
        totalSize = 0;
        count = 0;
        bool isOfTransaction = (batch.FieldsInPlace.SysFlag & SysFlags.TransactionMask) != 0;
        if (batch.Body.Length > options.MaxMessageBytes || isOfTransaction || topic.Length > RecordLayout.MaxTopicBytesV1)
        {
            return AppendStatus.MessageIllegal;
        }

        long total = 0;
        BatchBodyReader reader = new(batch.Body);
        while (reader.MoveNext())
        {
            RecordEncoder record = BatchRecord(batch, topic, ref reader, bodyCrc: 0);
            AppendStatus status = Check(topic, record.Body.Length, record.Properties.Length + batch.ReservedPropertyBytes);
            if (status != AppendStatus.Ok)
            {
                return status;
            }

            total += record.Size;
            count++;
        }

        // Many tiny messages grow several times over by their headers; the sum must still be one unit of append.
        if (reader.IsMalformed || count == 0 || count > maxCount || total > MaxUnitBytes(options) || total + RecordLayout.BlankBytes > options.CommitLogFileBytes)
        {
            return AppendStatus.MessageIllegal;
        }

        totalSize = (int)total;
        return AppendStatus.Ok;
    }

    /// <summary>Checks whether a message of that size is taken now.</summary>
    public AppendStatus Check(ReadOnlySpan<byte> topic, int bodyLength, int propertiesLength)
    {
        AppendStatus status = state.AppendStatus;
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        // What comes now would lie in memory until the disk answers again, and its producer wait for that long.
        if (writes.IsPageCacheBusy || room.IsLate)
        {
            return AppendStatus.Busy;
        }

        if (propertiesLength > RecordLayout.MaxPropertiesBytes)
        {
            return AppendStatus.PropertiesTooLong;
        }

        int maxTopic = options.LongTopics ? RecordLayout.MaxTopicBytesV2 : RecordLayout.MaxTopicBytesV1;
        bool fits = bodyLength <= options.MaxMessageBytes && topic.Length <= maxTopic
            && RecordLayout.FixedBytes + 1 + (2 * RecordLayout.IPv6ExtraBytes) + (long)bodyLength + topic.Length + propertiesLength + RecordLayout.BlankBytes <= options.CommitLogFileBytes;
        return fits ? AppendStatus.Ok : AppendStatus.MessageIllegal;
    }
}

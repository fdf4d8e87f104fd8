using RocketOps.Protocol.Names;

namespace RocketOps.Client;

/// <summary>Makes the message a user gets of a stored one: unpacked, with a copy of the body.</summary>
internal static class ReceivedMessages
{
    /// <summary>Throws <see cref="InvalidDataException"/> when the body cannot be unpacked or would exceed <paramref name="maxDecompressedBytes"/>.</summary>
    public static ReceivedMessage From(StoredMessage stored, MessageQueue queue, int maxDecompressedBytes, BodyDecompressor? zstd = null)
    {
        ReadOnlyMemory<byte> body = (stored.SysFlag & SysFlags.Compressed) != 0
            ? BodyCompression.Decompress(stored.Body, stored.SysFlag, maxDecompressedBytes, zstd)
            : stored.Body.ToArray();
        string offsetId = stored.Place.OffsetId;
        return new ReceivedMessage
        {
            Topic = TopicOf(stored),
            Queue = queue,
            QueueOffset = stored.QueueOffset,
            Body = body,
            Properties = stored.Properties,
            MessageId = stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? offsetId,
            OffsetMessageId = offsetId,
            CommitLogOffset = stored.Place.PhysicalOffset,
            ReconsumeTimes = stored.ReconsumeTimes,
            BornTime = Time(stored.Birth.TimestampMs),
            StoreTime = Time(stored.Place.TimestampMs),
            BornHost = stored.Birth.Host,
            StoreHost = stored.Place.Host,
            Flag = stored.Flag,
        };
    }

    /// <summary>The topic it was sent to, also when it comes from a retry topic.</summary>
    public static string TopicOf(StoredMessage stored) =>
        TopicNames.IsRetry(stored.Topic) ? stored.Properties.GetValueOrDefault(PropertyNames.RetryTopic) ?? stored.Topic : stored.Topic;

    // A producer's clock may say anything; a message is not lost over it.
    public static DateTimeOffset Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}

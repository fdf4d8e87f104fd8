using System.Globalization;
using RocketOps.Testing.Remoting;

namespace RocketOps.Interop.Tests.Messages;

/// <summary>A record in words that are the same in every run: times, hosts, offsets and ids by what they must be equal to.</summary>
internal static class SeenMessage
{
    private static readonly string[] TimesOfTimers = ["TIMER_OUT_MS", "TIMER_ENQUEUE_MS", "TIMER_DEQUEUE_MS"];

    /// <param name="traveller">Who sent it.</param>
    /// <param name="record">As it was pulled.</param>
    /// <param name="first">The record that a retry came from: the table calls its id <c>{first}</c>.</param>
    /// <param name="shares">The topic is one that others send to as well: the queue offset counts from that in the answer to the send.</param>
    /// <param name="half">Physical offset of the half that was committed: the table calls it <c>{half}</c>.</param>
    public static IReadOnlyList<string> Describe(WayTraveller traveller, RawRecord record, RawRecord? first = null, long? half = null, bool shares = false)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal)
        {
            [traveller.Way] = "{way}",
            [traveller.Topic] = "{topic}",
            [traveller.Group] = "{group}",
            [traveller.RetryTopic] = "{retry}",
            [traveller.DeadLetterTopic] = "{dead}",
        };
        if (first is not null)
        {
            names[first.OffsetMessageId] = "{first}";
        }

        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        return
        [
            $"topic:{Name(record.Topic)}",
            $"queueId:{record.QueueId}",
            $"queueOffset:{record.QueueOffset - (shares ? long.Parse(traveller.Sent["queueOffset"], CultureInfo.InvariantCulture) : 0)}",
            $"flag:{record.Flag}",
            $"sysFlag:0x{record.SysFlag:x}",
            $"born:{(record.BornTimestamp == traveller.BornTimestamp ? "as the producer said" : $"{record.BornTimestamp - traveller.BornTimestamp} ms later")}",
            $"bornHost:{(record.BornHost.Port == traveller.ProducerPort ? "the producer's" : record.BornHost)}",
            $"stored:{(record.StoreTimestamp >= traveller.BornTimestamp && record.StoreTimestamp <= now ? "now" : $"{record.StoreTimestamp - traveller.BornTimestamp} ms later")}",
            $"storeHost:{(record.StoreHost.ToString() == traveller.BrokerAddress ? "the broker's" : record.StoreHost)}",
            $"reconsumeTimes:{record.ReconsumeTimes}",
            $"prepared:{(record.PreparedTransactionOffset == half ? "{half}" : record.PreparedTransactionOffset)}",
            $"body:{(record.Body.Span.SequenceEqual(traveller.Body) ? "as sent" : $"{record.Body.Length} bytes")}",
            $"crc:{(record.BodyCrc == (int)(Crc(record.Body.Span) & 0x7FFF_FFFF) ? "right" : $"{record.BodyCrc:x}")}",
            .. record.Properties.Select(pair => $"{pair.Key}={(TimesOfTimers.Contains(pair.Key) ? Time(pair.Value) : Name(pair.Value))}"),
        ];

        string Time(string value) => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long ms) && ms > traveller.BornTimestamp - 1_000 && ms <= now ? "now" : value;

        string Name(string value) => names.GetValueOrDefault(value, value);
    }

    // CRC-32 of zip files, bit by bit; RocketMQ clears the highest bit.
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0xEDB8_8320);
            }
        }

        return ~crc;
    }
}

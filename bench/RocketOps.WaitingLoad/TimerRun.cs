using System.Buffers.Text;
using System.Diagnostics;
using RocketOps.Protocol.Commands;

namespace RocketOps.WaitingLoad;

/// <summary>Messages that ask for a time. Late counts from that time, as in <see cref="LevelRun"/>.</summary>
internal sealed class TimerRun(string broker)
{
    private const int Window = 256;

    /// <summary>So many messages, due evenly within the seconds given; returns when all are acknowledged.</summary>
    public async Task<string> FillAsync(int count, int fromSeconds, int spreadSeconds)
    {
        await using BrokerClient client = new(broker);
        string topic = $"Fill{BrokerClient.NowMs}";
        await client.CreateTopicAsync(topic);
        long first = BrokerClient.NowMs + (fromSeconds * 1_000L);
        long begun = Stopwatch.GetTimestamp();
        await BrokerClient.RushAsync(count, Window, number => client.TryAsync(number, Timer(topic, number, first + (spreadSeconds * 1_000L * number / count))));
        return FormattableString.Invariant($"sent={count} failed={client.Failed} seconds={Stopwatch.GetElapsedTime(begun).TotalSeconds:F1}");
    }

    /// <summary>So many messages that are due in the same second, and a consumer.</summary>
    public async Task<string> BurstAsync(int count, int dueSeconds)
    {
        await using BrokerClient client = new(broker);
        string topic = $"Burst{BrokerClient.NowMs}";
        await client.CreateTopicAsync(topic);
        long second = ((BrokerClient.NowMs / 1_000) + dueSeconds) * 1_000;
        long begun = Stopwatch.GetTimestamp();
        await BrokerClient.RushAsync(count, Window, number => client.TryAsync(number, Timer(topic, number, second + 1 + (number * 999L / count))));
        TimeSpan sending = Stopwatch.GetElapsedTime(begun);
        Latenesses stored = new();
        Latenesses got = new();
        await client.ReceiveAsync(topic, count, (record, nowMs) =>
        {
            long due = DueOf(record);
            stored.Add(record.StoreTimestamp - due);
            got.Add(nowMs - due);
        });
        return FormattableString.Invariant($"sent={count} failed={client.Failed} received={stored.Count} sendSeconds={sending.TotalSeconds:F1} {stored.Describe("stored")} {got.Describe("got")}");
    }

    private static RemotingCommand Timer(string topic, int number, long dueMs) =>
        BrokerClient.Message(topic, number, 0, FormattableString.Invariant($"TIMER_DELIVER_MS\u0001{dueMs}\u0002"));

    private static long DueOf(in RecordView record)
    {
        PropertyReader reader = new(record.Properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("TIMER_DELIVER_MS"u8) && Utf8Parser.TryParse(value, out long due, out _))
            {
                return due;
            }
        }

        throw new InvalidDataException("a message without the time it asked for");
    }
}

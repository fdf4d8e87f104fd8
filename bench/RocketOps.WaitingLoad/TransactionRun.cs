using System.Diagnostics;
using System.Globalization;
using RocketOps.Protocol.Commands;

namespace RocketOps.WaitingLoad;

/// <summary>Transactions at an even rate: a half, then its commit as Java clients send it, which nobody answers; a consumer tells that each was stored once.</summary>
internal sealed class TransactionRun(string broker, int rate, int seconds)
{
    private const int Prepared = 4;
    private const int Commit = 8;

    public async Task<string> RunAsync()
    {
        await using BrokerClient client = new(broker);
        string topic = $"Paid{BrokerClient.NowMs}";
        await client.CreateTopicAsync(topic);
        Latenesses got = new();
        int count = rate * seconds;
        Task receiving = client.ReceiveAsync(topic, count, (record, nowMs) => got.Add(nowMs - record.BornTimestamp));
        long begun = Stopwatch.GetTimestamp();
        await BrokerClient.PaceAsync(rate, count, number => PayAsync(client, topic, number));
        await receiving;
        return FormattableString.Invariant($"sent={count} failed={client.Failed} received={got.Count} seconds={Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} {got.Describe("got")}");
    }

    private static async Task PayAsync(BrokerClient client, string topic, int number)
    {
        if (await client.TryAsync(number, BrokerClient.Message(topic, number, Prepared, "TRAN_MSG\u0001true\u0002PGROUP\u0001waiting\u0002")) is { } half)
        {
            await client.OneWayAsync(number, RemotingCommand.CreateRequest(RequestCode.EndTransaction)
                .Set("topic", topic)
                .Set("producerGroup", "waiting")
                .Set("tranStateTableOffset", half.GetRequired("queueOffset"))
                .Set("commitLogOffset", long.Parse(half.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                .Set("commitOrRollback", Commit)
                .Set("fromTransactionCheck", false)
                .Set("msgId", half.GetRequired("msgId"))
                .Set("transactionId", half.Get("transactionId")));
        }
    }
}

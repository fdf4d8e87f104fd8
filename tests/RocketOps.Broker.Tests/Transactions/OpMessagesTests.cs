using System.Globalization;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Transactions;

public sealed class OpMessagesTests
{
    private const int Messages = 300;
    private const string Letters = "0123456789012345678901234567890123456789,,,,,  +-.xXé\u0001\u0002";

    /// <summary>Whatever lies in the topic: numbers between commas count, everything else settles nothing, and nothing is thrown.</summary>
    [Fact]
    public async Task Read_RandomBodies_FindsTheNumbersAndNothingElse()
    {
        Random random = new(7);
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("Ops");
        List<(string Body, bool IsOp)> sent = [];
        for (int i = 0; i < Messages; i++)
        {
            string body = new([.. Enumerable.Range(0, random.Next(1, 80)).Select(_ => Letters[random.Next(Letters.Length)])]);
            bool isOp = random.Next(4) > 0;
            (await broker.SendAsync("Ops", body, properties: isOp ? "TAGS\u0001d\u0002" : random.Next(2) == 0 ? "TAGS\u0001dd\u0002" : string.Empty)).Code.Should().Be(ResponseCode.Success);
            sent.Add((body, isOp));
        }

        await broker.SubscribeAsync("g", "Ops");
        List<List<long>> read = [];
        while (read.Count < Messages)
        {
            RemotingCommand page = await broker.PullAsync("g", "Ops", 0, read.Count);
            page.Code.Should().Be(ResponseCode.Success);
            Read(page.Body.Span, read);
        }

        read.Should().HaveCount(Messages);
        for (int i = 0; i < Messages; i++)
        {
            read[i].Should().Equal(sent[i].IsOp ? NumbersIn(sent[i].Body) : [], "the body is {0}", sent[i].Body);
        }

        read.SelectMany(static halves => halves).Should().HaveCountGreaterThan(Messages, "the bodies are worth trying");
    }

    private static void Read(ReadOnlySpan<byte> records, List<List<long>> read)
    {
        while (!records.IsEmpty)
        {
            int size = RecordView.SizeAt(records);
            List<long> halves = [];
            OpMessages.Read(RecordView.Read(records[..size]), halves);
            read.Add(halves);
            records = records[size..];
        }
    }

    private static IEnumerable<long> NumbersIn(string body)
    {
        foreach (string part in body.Split(','))
        {
            if (long.TryParse(part.Trim(' '), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long half) && half >= 0)
            {
                yield return half;
            }
        }
    }
}

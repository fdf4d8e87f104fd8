using RocketOps.Cli.Tracing;

namespace RocketOps.Cli.Tests.Tracing;

/// <summary>What clients of all versions tell of a message, with | for the end of a field and ; for that of a record.</summary>
public sealed class TraceEventTests
{
    private const string Sent = "Pub|1000|DefaultRegion|orders|ORDERS|A1|paid|k1|10.0.0.1:10911|17|3|0|0A01|true;";

    [Fact]
    public void Send_SaysWhoSentItWhereAndHow() => Events(Sent).Should().ContainSingle().Which.Should().Be(
        new TraceEvent(1000, "sent", "orders", "c", "ok") { Topic = "ORDERS", Tag = "paid", Keys = "k1", Broker = "10.0.0.1:10911", Bytes = 17, CostMs = 3, OffsetMessageId = "0A01" });

    [Theory]
    [InlineData("Pub|1|r|g|T|A1|null|null|h|1|1|0;", "sent", "not told", null)]
    [InlineData("Pub|1|r|g|T|A1|null|null|h|1|1|0|false;", "sent", "failed", null)]
    [InlineData("Pub|1|r|g|T|A1|null|null|h|1|1|1|0A|true;", "sent half", "ok", "0A")]
    [InlineData("Pub|1|r|g|T|A1|null|null|h|1|1|3|0A|true|10.0.0.9;", "sent", "ok", "0A")]
    public void Send_OfAnyVersion_IsRead(string told, string what, string result, string? offsetId)
    {
        TraceEvent sent = Events(told).Should().ContainSingle().Subject;

        (sent.What, sent.Result, sent.OffsetMessageId, sent.Tag, sent.Keys).Should().Be((what, result, offsetId, null, null));
    }

    [Fact]
    public void Handling_EachTryIsOneWithItsEnd()
    {
        IReadOnlyList<TraceEvent> events = Events(
            "SubAfter|r2|A1|7|true|k|0|3010|billing;SubBefore|3000|region|billing|r2|A1|1|k;"
            + "SubBefore|2000|region|billing|r1|A1|0|k;SubBefore|2000|region|billing|r1|A2|0|k;SubAfter|r1|A1|5|false|k|2|2005|billing;SubAfter|r1|A2|6|true|k|0|2005|billing;"
            + "SubBefore|4000|region|stock|r3|A1|0|null;" + Sent);

        events.Select(static each => (each.TimeMs, each.What, each.Group, each.Retry, each.CostMs, each.Result)).Should().Equal(
            (1000, "sent", "orders", null, 3, "ok"), (2000, "handled", "billing", 0, 5, "threw"), (3000, "handled", "billing", 1, 7, "ok"), (4000, "handled", "stock", 0, null, "not told yet"));
    }

    [Theory]
    [InlineData("SubAfter|r|A1|5|true|k|0|2005|g;", 2005, "g", "ok")]
    [InlineData("SubAfter|r|A1|5|false|k|1|2005|g;", 2005, "g", "timed out")]
    [InlineData("SubAfter|r|A1|5|false|k|3|2005|g;", 2005, "g", "returned nothing")]
    [InlineData("SubAfter|r|A1|5|false|k|4|2005|g;", 2005, "g", "failed")]
    [InlineData("SubAfter|r|A1|5|false|k|0;", 0, null, "ok")]
    [InlineData("SubAfter|r|A1|5|false|k;", 0, null, "failed")]
    public void Handling_WhoseBeginIsLost_IsShown(string told, long time, string? group, string result) =>
        Events(told).Should().ContainSingle().Which.Should().Be(new TraceEvent(time, "handled", group, "c", result) { CostMs = 5, Keys = "k" });

    [Theory]
    [InlineData("EndTransaction|9|r|g|T|A1|t|k|h|2|A1|COMMIT_MESSAGE|false;", "committed", "by itself")]
    [InlineData("EndTransaction|9|r|g|T|A1|t|k|h|2|A1|ROLLBACK_MESSAGE|true;", "rolled back", "asked by the broker")]
    [InlineData("EndTransaction|9|r|g|T|A1|t|k|h|2|A1|UNKNOW|false;", "left open", "by itself")]
    [InlineData("Recall|9|r|g|T|A1|true;", "recalled", "ok")]
    public void Others_AreShown(string told, string what, string result)
    {
        TraceEvent happened = Events(told).Should().ContainSingle().Subject;

        (happened.TimeMs, happened.What, happened.Group, happened.Topic, happened.Result).Should().Be((9, what, "g", "T", result));
    }

    [Fact]
    public void SentTwice_OfOthers_OrUnknown_IsLeftOut() => Events(Sent + Sent + Sent.Replace("A1", "A2", StringComparison.Ordinal) + "Later|1|A1;Pub|1;" + "\u0001;;").Should().ContainSingle();

    private static IReadOnlyList<TraceEvent> Events(string told) => TraceEvent.Of(TraceRecord.Parse(told.Replace('|', '\u0001').Replace(';', '\u0002')).Select(static record => (record, "c")), "A1");
}

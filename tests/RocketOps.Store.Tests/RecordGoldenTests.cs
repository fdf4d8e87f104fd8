using System.Text;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.Records;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Bytes of records, written out by hand from the layout.</summary>
public sealed class RecordGoldenTests
{
    [Fact]
    public async Task Append_OneMessage_WritesTheseBytes()
    {
        FakeTimeProvider time = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), new MemoryFileSystem(), time, hasThreads: false);

        store.Append("TopicA", 3, "hello", "TAGS\u0001TagA");
        store.Writer.WritePending();

        byte[]? record = await store.Reader.LookMessageAsync(new PhysicalOffset(0), CancellationToken.None);
        string expected =
            "........" + // the sum of what follows
            "DAA320A7" +
            "3610A686" + // CRC-32 of "hello" is 3610A686
            "00000003" +
            "00000000" +
            "0000000000000000" +
            "0000000000000000" +
            "00000000" +
            "0000018BCFE56800" + // 1 700 000 000 000
            "0A010203" + "0000C3CB" +
            Convert.ToHexString(BitConverter.GetBytes(time.GetUtcNow().ToUnixTimeMilliseconds()).Reverse().ToArray()) +
            "7F000001" + "00002A9F" +
            "00000000" +
            "0000000000000000" +
            "00000005" + "68656C6C6F" +
            "06" + "546F70696341" +
            "0009" + "54414753" + "01" + "54616741";
        expected = (expected.Length / 2).ToString("X8") + expected[8..];
        Convert.ToHexString(record!).Should().Be(expected);
    }

    [Theory]
    [InlineData("", "", "", "")]
    [InlineData("a\u00011", "", "", "a\u00011")]
    [InlineData("a\u00011", "b\u00012", "", "a\u00011\u0002b\u00012")]
    [InlineData("a\u00011\u0002", "b\u00012", "c\u00013", "a\u00011\u0002b\u00012\u0002c\u00013")]
    [InlineData("", "b\u00012", "c\u00013\u0002", "b\u00012\u0002c\u00013\u0002")]
    public void CopyTo_Parts_AreSeparatedOnce(string first, string second, string third, string expected)
    {
        PropertyParts parts = new(Encoding.UTF8.GetBytes(first), Encoding.UTF8.GetBytes(second), Encoding.UTF8.GetBytes(third));

        byte[] text = new byte[parts.Length];
        parts.CopyTo(text);

        Encoding.UTF8.GetString(text).Should().Be(expected);
    }

    [Fact]
    public async Task Append_ToTheEndOfAFile_EndsItWithABlankRecord()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false);
        long lastEnd = 0;
        AppendResult result;
        do
        {
            result = store.Append("TopicA", 0, new string('x', 1000));
            lastEnd = result.Offset.Value < 65536 ? result.End.Value : lastEnd;
        }
        while (result.Offset.Value < 65536);

        store.Writer.WritePending();

        result.Offset.Value.Should().Be(65536);
        using IStoreFile file = files.Open("/store/commitlog/00000000000000000000", FileOpenMode.Read);
        byte[] blank = new byte[65536 - lastEnd];
        file.Read(blank, lastEnd).Should().Be(blank.Length);
        Convert.ToHexString(blank[..8]).Should().Be(blank.Length.ToString("X8") + "CBD43194");
        blank[8..].Should().OnlyContain(value => value == 0);
    }

    [Fact]
    public async Task Append_RecordThatWouldTouchTheLastEightBytes_GoesToTheNextFile()
    {
        StoreOptions options = SmallStore.Options("/store");
        for (int spare = 7; spare <= 8; spare++)
        {
            await using MessageStore store = await SmallStore.StartAsync(options, new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
            int fixedBytes = RecordLayout.FixedBytes + "T".Length;
            int left = options.CommitLogFileBytes;
            while (left > 12_000)
            {
                store.Append("T", 0, new string('x', 8000));
                left -= 8000 + fixedBytes;
            }

            AppendResult last = store.Append("T", 0, new string('y', left - fixedBytes - spare));

            last.Offset.Value.Should().Be(spare == 8 ? options.CommitLogFileBytes - left : options.CommitLogFileBytes);
        }
    }

    [Fact]
    public async Task Append_LongRetryTopicAndIPv6Hosts_AreReadBack()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        string name = "%RETRY%" + new string('g', 200);
        MessageHost host = MessageHost.From(System.Net.IPAddress.Parse("2001:db8::17"), 4711);

        AppendStatus status = store.Writer.Append(
            new MessageToAppend
            {
                Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(name)),
                QueueId = 0,
                Fields = new() { BornHost = host, StoreHost = host },
                Body = "b"u8,
            },
            out AppendResult result);
        store.Writer.WritePending();

        status.Should().Be(AppendStatus.Ok);
        byte[]? bytes = await store.Reader.LookMessageAsync(result.Offset, CancellationToken.None);
        RecordView.Parse(bytes, 0, verifyCrc: true, out RecordView record).Should().Be(RecordCheck.Valid);
        record.Magic.Should().Be(RecordLayout.MagicV2);
        Encoding.UTF8.GetString(record.Topic).Should().Be(name);
        record.BornHost.Should().Be(host);
        record.StoreHost.Should().Be(host);
        record.SysFlag.Should().Be(0x30);
    }
}

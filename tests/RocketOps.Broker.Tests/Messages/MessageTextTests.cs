using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Sending;
using RocketOps.Store;

namespace RocketOps.Broker.Tests.Messages;

public sealed class MessageTextTests
{
    [Fact]
    public void OffsetMessageId_ReferenceExample_IsUpperCaseHex()
    {
        // remoting.md §4.5
        OffsetMessageId.Format(MessageHost.From(System.Net.IPAddress.Parse("10.1.2.3"), 10911), new PhysicalOffset(1311768)).Should().Be("0A01020300002A9F0000000000140418");
    }

    [Fact]
    public void JavaHash_ReferenceTags_AreJavas()
    {
        // remoting.md §4.4
        TagFilter.JavaHash("TagA").Should().Be(2598919);
        TagFilter.JavaHash("TagB").Should().Be(2598920);
        // Wraps, and counts UTF-16 units.
        TagFilter.JavaHash("тег-з-довгою-назвою").Should().Be("тег-з-довгою-назвою".Aggregate(0, static (hash, unit) => unchecked((31 * hash) + unit)));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData(" || ")]
    public void TagFilter_Everything_IsNoFilter(string? expression) => TagFilter.For(expression).Should().BeNull();

    [Fact]
    public void TagFilter_TwoTags_MatchesTheirCodesOnly()
    {
        TagFilter filter = TagFilter.For("TagA || TagB")!;

        filter.MatchesTagsCode(2598919).Should().BeTrue();
        filter.MatchesTagsCode(2598920).Should().BeTrue();
        filter.MatchesTagsCode(0).Should().BeFalse();
    }

    [Theory]
    [InlineData("A\u0001b\u0002C\u0001d", "A=b,C=d")]
    [InlineData("A\u0001b\u0002C\u0001d\u0002", "A=b,C=d")]
    [InlineData("A\u0001\u0002C\u0001d", "C=d")]
    [InlineData("A\u0001b\u0001c\u0002", "A=b\u0001c")]
    [InlineData("novalue\u0002A\u0001b", "A=b")]
    [InlineData("\u0002\u0002", "")]
    public void PropertyReader_JavasRules_Hold(string encoded, string expected)
    {
        List<string> found = [];
        PropertyReader reader = new(Encoding.UTF8.GetBytes(encoded));
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            found.Add($"{Encoding.UTF8.GetString(name)}={Encoding.UTF8.GetString(value)}");
        }

        string.Join(',', found).Should().Be(expected);
    }

    [Fact]
    public void MessageProperties_EncodeAndParse_RoundTrips()
    {
        Gen<string> text = Gen.Elements("a", "b", "ключ", "値 🚀", "x=y", " ").ArrayOf().Where(static parts => parts.Length is > 0 and < 6).Select(static parts => string.Concat(parts));
        Prop.ForAll(
            text.Two().ArrayOf().ToArbitrary(),
            static pairs =>
            {
                MessageProperties properties = new();
                foreach ((string name, string value) in pairs)
                {
                    properties.Set(name, value);
                }

                MessageProperties read = MessageProperties.Parse(properties.Encode());
                foreach ((string name, _) in pairs)
                {
                    // Java passes over segments of less than three bytes, and so do we; none of these is shorter.
                    read.Get(name).Should().Be(properties.Get(name));
                }
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void PropertyReader_AnyBytes_EndsWithoutReadingBeyond()
    {
        Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            static bytes =>
            {
                PropertyReader reader = new(bytes);
                int total = 0;
                while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
                {
                    total += name.Length + value.Length;
                }

                return total <= bytes.Length;
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void MessageRecord_AnyBytes_AreRefusedNotReadBeyond()
    {
        Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            static bytes =>
            {
                byte[] record = [0, 0, 0, 0, 0xDA, 0xA3, 0x20, 0xA7, .. bytes];
                try
                {
                    MessageRecord.Parse(record);
                }
                catch (InvalidDataException)
                {
                    // What it must be.
                }
            }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("DELAY\u00013", 3, false, false, false)]
    [InlineData("DELAY\u0001x", 0, false, false, false)]
    [InlineData("TRAN_MSG\u0001true", 0, true, false, false)]
    [InlineData("TIMER_DELAY_SEC\u00015", 0, false, true, false)]
    [InlineData("TIMER_DELIVER_MS\u00015", 0, false, true, false)]
    [InlineData("TIMER_DELAY_MS\u00015", 0, false, true, false)]
    [InlineData("WAIT\u0001false", 0, false, false, true)]
    [InlineData("WAIT\u0001true", 0, false, false, false)]
    public void SendProperties_Meaning_IsFound(string encoded, int delayLevel, bool transaction, bool timer, bool skipsDiskWait)
    {
        SendProperties properties = SendProperties.Read(Encoding.UTF8.GetBytes($"KEYS\u0001k\u0002{encoded}\u0002UNIQ_KEY\u0001u1"));

        properties.DelayLevel.Should().Be(delayLevel);
        properties.IsTransaction.Should().Be(transaction);
        properties.IsTimer.Should().Be(timer);
        properties.SkipsDiskWait.Should().Be(skipsDiskWait);
        Encoding.UTF8.GetString(properties.UniqKey).Should().Be("u1");
    }
}

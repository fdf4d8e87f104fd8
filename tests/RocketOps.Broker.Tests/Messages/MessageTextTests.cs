using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Sending;

namespace RocketOps.Broker.Tests.Messages;

public sealed class MessageTextTests
{
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

    /// <summary>Above and below the number from which on names are indexed, against the plain list.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(40)]
    [InlineData(5_000)]
    public void MessageProperties_SetAndRemove_AreThoseOfAList(int names)
    {
        Random random = new(names);
        MessageProperties properties = new();
        List<KeyValuePair<string, string>> plain = [];
        for (int step = 0; step < 2 * names; step++)
        {
            string name = $"k{random.Next(names)}";
            int at = plain.FindIndex(entry => entry.Key == name);
            if (random.Next(4) == 0)
            {
                properties.Remove(name);
                plain.RemoveAll(entry => entry.Key == name);
                continue;
            }

            properties.Set(name, $"v{step}");
            if (at < 0)
            {
                plain.Add(new(name, $"v{step}"));
            }
            else
            {
                plain[at] = new(name, $"v{step}");
            }
        }

        Encoding.UTF8.GetString(properties.Encode()).Should().Be(string.Concat(plain.Select(static entry => $"{entry.Key}\u0001{entry.Value}\u0002")));
        properties.Get("k0").Should().Be(plain.Find(static entry => entry.Key == "k0").Value);
    }

    /// <summary>32 KB hold some thousand names, and they are read on the connections' loops too: each is looked for once and put once, however many are there already.</summary>
    [Fact]
    public void MessageProperties_ManyNames_AreNotComparedWithEachOther()
    {
        const int Names = 5_000;
        byte[] encoded = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Names).Select(static i => $"k{i}\u0001v\u0002")));
        CountingComparer names = new();

        MessageProperties.Parse(encoded, names).Get($"k{Names - 1}").Should().Be("v");

        names.Count.Should().BeInRange(Names, 3 * Names);
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

    /// <summary>Ordinal; counts every look at a name, for an index as well.</summary>
    private sealed class CountingComparer : IEqualityComparer<string>
    {
        public int Count { get; private set; }

        public bool Equals(string? x, string? y)
        {
            Count++;
            return string.Equals(x, y, StringComparison.Ordinal);
        }

        public int GetHashCode(string obj)
        {
            Count++;
            return StringComparer.Ordinal.GetHashCode(obj);
        }
    }
}

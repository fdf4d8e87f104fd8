using System.Buffers.Binary;
using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Client.Subscriptions;

namespace RocketOps.Client.Tests.Messages;

public sealed class MessageCodecTests
{
    // The record of remoting.md §8.3: "Hello RocketMQ" on TopicTest, queue 2, offset 41.
    private static readonly byte[] Sample = Convert.FromHexString(
        "000000f0daa320a769c865ed000000020000000000000000000000290000000000140418000000000000019343" + "3ea4180a010209" + "0000cfdb" + "00000193433ea41d" + "0a010203" + "00002a9f"
        + "00000000" + "0000000000000000" + "0000000e48656c6c6f20526f636b65744d51" + "09546f70696354657374" + "007e"
        + "4b455953016f726465722d3102554e49515f4b455901304130313032303931323637313842344141433230303031383641303030303002434c55535445520144656661756c74436c757374657202"
        + "4d53475f524547494f4e0144656661756c74526567696f6e0254524143455f4f4e01747275650254414753015461" + "6741");

    [Fact]
    public void Decode_SampleOfTheReference_GivesEveryField()
    {
        ReadOnlyMemory<byte> rest = Sample;

        StoredMessage message = StoredMessageDecoder.Decode(ref rest);

        rest.Length.Should().Be(0);
        message.Topic.Should().Be("TopicTest");
        message.QueueId.Should().Be(2);
        message.QueueOffset.Should().Be(41);
        message.Place.PhysicalOffset.Should().Be(1311768);
        message.Birth.Host.Should().Be(IPEndPoint.Parse("10.1.2.9:53211"));
        message.Place.Host.Should().Be(IPEndPoint.Parse("10.1.2.3:10911"));
        Encoding.UTF8.GetString(message.Body.Span).Should().Be("Hello RocketMQ");
        message.Properties.Should().Contain("KEYS", "order-1").And.Contain("TAGS", "TagA").And.Contain("UNIQ_KEY", "0A010209126718B4AAC2000186A00000").And.HaveCount(6);
        message.Place.OffsetId.Should().Be("0A01020300002A9F0000000000140418");
    }

    [Fact]
    public void Decode_TwoRecordsOneWithLongTopic_ReadsBoth()
    {
        string topic = new('t', 200);
        byte[] second = [.. Sample[..(88 + 14)], .. new byte[] { 0, 200 }, .. Encoding.UTF8.GetBytes(topic), 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(second, second.Length);
        BinaryPrimitives.WriteInt32BigEndian(second.AsSpan(4), RecordLayout.MagicV2);
        ReadOnlyMemory<byte> rest = (byte[])[.. Sample, .. second];

        StoredMessageDecoder.Decode(ref rest).Topic.Should().Be("TopicTest");
        StoredMessageDecoder.Decode(ref rest).Topic.Should().Be(topic);
        rest.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void Decode_DamagedRecords_GiveAMessageOrInvalidData()
    {
        Gen<byte[]> damaged =
            from length in Gen.Choose(1, Sample.Length)
            from truncated in Gen.Elements(true, false)
            from position in Gen.Choose(0, Sample.Length - 1)
            from value in Gen.Elements<byte>(0, 1, 0x7F, 0x80, 0xFF)
            select Damage(truncated ? length : Sample.Length, position, value);

        Prop.ForAll(damaged.ToArbitrary(), bytes =>
        {
            ReadOnlyMemory<byte> rest = bytes;
            try
            {
                StoredMessageDecoder.Decode(ref rest).Should().NotBeNull();
                rest.Length.Should().BeLessThan(bytes.Length);
            }
            catch (InvalidDataException)
            {
                // What the pull loop expects of a record it cannot read.
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData("a\u0001b\u0002c\u0001d", "a=b c=d")]
    [InlineData("a\u0001b\u0002", "a=b")]
    [InlineData("a\u0001b\u0001c\u0002", "a=b\u0001c")]
    [InlineData("a\u0001\u0002b\u0001c", "b=c")]
    [InlineData("a\u00011\u0002a\u00012\u0002", "a=2")]
    [InlineData("", "")]
    public void Properties_Read_AsJavaDoes(string text, string expected)
    {
        string.Join(' ', MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(text)).Select(static pair => $"{pair.Key}={pair.Value}")).Should().Be(expected);
    }

    [Theory]
    [InlineData(null, "*", "")]
    [InlineData(" * ", "*", "")]
    [InlineData("TagA", "TagA", "TagA")]
    [InlineData("TagA || TagB||TagA", "TagA || TagB||TagA", "TagA,TagB")]
    public void Subscription_Parse_SplitsTags(string? expression, string text, string tags)
    {
        Subscription subscription = Subscription.Of("T", SubscriptionExpression.Tags(expression), 1);

        subscription.Expression.Should().Be(text);
        string.Join(',', subscription.Tags).Should().Be(tags);
        subscription.Codes.Should().Equal(subscription.Tags.Select(JavaHash.Compute));
    }

    [Fact]
    public void Subscription_OfNothing_IsRefused()
    {
        FluentActions.Invoking(() => Subscription.Of("T", SubscriptionExpression.Tags("||"), 1)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Subscription_TagWithEqualHash_DoesNotMatch()
    {
        // "Aa" and "BB" share a Java hash: a broker lets both through.
        Subscription subscription = Subscription.Of("T", SubscriptionExpression.Tags("Aa"), 1);

        JavaHash.Compute("BB").Should().Be(JavaHash.Compute("Aa"));
        subscription.Matches(new Dictionary<string, string>(StringComparer.Ordinal) { ["TAGS"] = "Aa" }).Should().BeTrue();
        subscription.Matches(new Dictionary<string, string>(StringComparer.Ordinal) { ["TAGS"] = "BB" }).Should().BeFalse();
    }

    [Fact]
    public void UniqueKeys_ManyFromTwoClients_AreDistinctAndShapedAsRocketMqs()
    {
        IPAddress address = IPAddress.Parse("10.1.2.9");
        UniqueKeys first = new(TimeProvider.System, address);
        UniqueKeys second = new(TimeProvider.System, address);

        string[] keys = [.. Enumerable.Range(0, 20_000).SelectMany(_ => new[] { first.Next(), second.Next() })];

        keys.Should().OnlyHaveUniqueItems();
        keys[0].Should().MatchRegex("^0A010209[0-9A-F]{24}$");
    }

    /// <summary>On 26 October 2025 the hour from 2 to 3 o'clock came twice in most of Europe. Java counts from a fixed begin, too.</summary>
    [Fact]
    public void UniqueKeys_InTheHourThatComesTwice_CountOn()
    {
        TimeZoneInfo.AdjustmentRule summer = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            DateTime.MinValue.Date,
            DateTime.MaxValue.Date,
            TimeSpan.FromHours(1),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday));
        WallClock clock = new(TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(1), "test", "winter", "summer", [summer])) { Now = new DateTimeOffset(2025, 10, 26, 0, 30, 0, TimeSpan.Zero) };
        UniqueKeys keys = new(clock, IPAddress.Loopback);

        long before = MillisecondsOf(keys.Next());
        clock.Now = clock.Now.AddHours(1);
        long after = MillisecondsOf(keys.Next());
        clock.Now = new DateTimeOffset(2025, 10, 31, 23, 0, 0, TimeSpan.Zero);
        long next = MillisecondsOf(keys.Next());

        before.Should().Be((((25 * 24) + 2) * 60 + 30) * 60_000L, "it is half past two in the morning of the 26th");
        (after - before).Should().Be(60 * 60_000);
        next.Should().Be(0, "November begins");

        static long MillisecondsOf(string key) => Convert.ToInt64(key[20..28], 16);
    }

    [Theory]
    [InlineData("TAGS", "x")]
    [InlineData("UNIQ_KEY", "x")]
    [InlineData("__SHARDINGKEY", "x")]
    [InlineData("__transactionId__", "x")]
    [InlineData("BORN_TIMESTAMP", "1")]
    [InlineData("TIMER_DEL_UNIQKEY", "x")]
    [InlineData("TIMER_OUT_MS", "1")]
    [InlineData("", "x")]
    [InlineData("a", "")]
    [InlineData("a", "b\u0002c")]
    public void Message_PropertyThatCannotBe_IsRefused(string name, string value)
    {
        FluentActions.Invoking(() => new Message("T", "x"u8.ToArray()).SetProperty(name, value)).Should().Throw<ArgumentException>();
    }

    /// <summary>All of MessageConst.STRING_HASH_SET, read out of rocketmq-common-5.5.0.jar: <c>_SYS_MSG_PRIORITY_</c>, for one, has brokers of 5.4 put a message into another queue.</summary>
    [Fact]
    public void Message_PropertiesThatTheJavaClientRefuses_AreRefused()
    {
        const string Names =
            "1ST_POP_TIME ARRIVE_TIME BORN_TIMESTAMP BUYER_ID CLUSTER CONSUME_START_TIME CORRECTION_FLAG CORRELATION_ID DELAY DLQ_ORIGIN_MESSAGE_ID "
            + "DLQ_ORIGIN_TOPIC DUP_INFO EXTEND_UNIQ_INFO INNER_MULTI_QUEUE_OFFSET INSTANCE_ID KEYS MAX_OFFSET MAX_RECONSUME_TIMES MIN_OFFSET MQ2_FLAG MSG_REGION "
            + "MSG_TYPE ORIGIN_GROUP ORIGIN_MESSAGE_ID PGROUP POP_CK POP_CK_OFFSET PUSH_REPLY_TIME REAL_QID REAL_TOPIC RECONSUME_TIME REPLY_TO_CLIENT RETRY_TOPIC "
            + "TAGS TIMER_DELAY_LEVEL TIMER_DELAY_MS TIMER_DELAY_SEC TIMER_DELIVER_MS TIMER_DEL_UNIQKEY TIMER_DEQUEUE_MS TIMER_ENQUEUE_MS TIMER_OUT_MS "
            + "TIMER_ROLL_TIMES TRACE_ON TRANSFER_FLAG TRAN_MSG TRAN_PREPARED_QUEUE_OFFSET TTL UNIQ_KEY WAIT _SYS_MSG_PRIORITY_ __BORNHOST __CRC32# __LITE_TOPIC";

        string[] accepted = [.. Names.Split(' ').Where(IsAccepted)];

        accepted.Should().BeEmpty();

        static bool IsAccepted(string name)
        {
            try
            {
                new Message("T", "x"u8.ToArray()).SetProperty(name, "1");
                return true;
            }
            catch (ArgumentException)
            {
                return false;
            }
        }
    }

    /// <summary>It stands among the protocol's names and is the application's to set.</summary>
    [Fact]
    public void Message_ImmunityFromChecks_IsTheApplications() =>
        new Message("T", "x"u8.ToArray()).SetProperty("CHECK_IMMUNITY_TIME_IN_SECONDS", "3600").Properties.Should().Contain("CHECK_IMMUNITY_TIME_IN_SECONDS", "3600");

    private sealed class WallClock(TimeZoneInfo zone) : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override TimeZoneInfo LocalTimeZone => zone;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private static byte[] Damage(int length, int position, byte value)
    {
        byte[] copy = Sample[..length];
        if (position < length)
        {
            copy[position] = value;
        }

        return copy;
    }
}

using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Client.Tests.Support;

namespace RocketOps.Client.Tests.Messages;

/// <summary>Records of batch consume queues (remoting.md §4.3), taken apart.</summary>
public sealed class InnerBatchRecordTests
{
    private const int Flags = SysFlags.NeedsUnwrap | SysFlags.InnerBatch;

    [Fact]
    public void Unwrap_Batch_GivesEachMessageItsOwnPlaceBodyAndProperties()
    {
        StoredMessage record = Record(FakeBroker.BatchOf(("one", "A"), ("two", "B"), ("three", "A")), "3");
        List<StoredMessage> messages = [];

        InnerBatchRecord.Is(record).Should().BeTrue();
        InnerBatchRecord.Unwrap(record, messages);

        messages.Select(static message => (message.QueueOffset, Encoding.UTF8.GetString(message.Body.Span), message.Properties["UNIQ_KEY"], message.Properties["TAGS"], message.Flag, message.SysFlag))
            .Should().Equal((40L, "one", "id-one", "A", 7, 0), (41L, "two", "id-two", "B", 7, 0), (42L, "three", "id-three", "A", 7, 0));
        messages.Should().OnlyContain(static message => message.IsInner && message.Place.PhysicalOffset == 1000 && message.Topic == "T" && message.QueueId == 2 && message.Properties.Count == 2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(SysFlags.InnerBatch)]
    [InlineData(SysFlags.NeedsUnwrap)]
    public void Is_NotBothFlags_IsAMessageLikeOthers(int sysFlag) => InnerBatchRecord.Is(Record([], innerNum: null) with { SysFlag = sysFlag }).Should().BeFalse();

    [Fact]
    public void Unwrap_WhatIsNoWholeBatch_SaysWhatIsWrong()
    {
        byte[] batch = FakeBroker.BatchOf(("one", "A"), ("two", "B"));

        Refused(Record(batch, "3")).WithMessage("*2 messages*3*");
        Refused(Record([], innerNum: null)).WithMessage("*0 messages*");
        Refused(Record(batch[..^1], "2")).WithMessage("*does not fit*");
        Refused(Record(batch, "2") with { SysFlag = Flags | SysFlags.Compressed }).WithMessage("*compressed*");

        static FluentAssertions.Specialized.ExceptionAssertions<InvalidDataException> Refused(StoredMessage record)
        {
            List<StoredMessage> messages = [];
            FluentAssertions.Specialized.ExceptionAssertions<InvalidDataException> refusal = FluentActions.Invoking(() => InnerBatchRecord.Unwrap(record, messages)).Should().Throw<InvalidDataException>();
            messages.Should().BeEmpty("all come or none");
            return refusal;
        }
    }

    [Fact]
    public void Unwrap_DamagedBatches_GiveMessagesOrInvalidData()
    {
        byte[] sample = FakeBroker.BatchOf(("one", "A"), ("two", "B"), ("three", "C"));
        Gen<byte[]> damaged =
            from length in Gen.Choose(1, sample.Length)
            from truncated in Gen.Elements(true, false)
            from position in Gen.Choose(0, sample.Length - 1)
            from value in Gen.Elements<byte>(0, 1, 0x7F, 0x80, 0xFF)
            select Damage(sample[..(truncated ? length : sample.Length)], position, value);

        Prop.ForAll(damaged.ToArbitrary(), batch =>
        {
            List<StoredMessage> messages = [];
            try
            {
                InnerBatchRecord.Unwrap(Record(batch, innerNum: null), messages);
                messages.Should().NotBeEmpty();
            }
            catch (InvalidDataException)
            {
                messages.Should().BeEmpty();
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    private static byte[] Damage(byte[] copy, int position, byte value)
    {
        if (position < copy.Length)
        {
            copy[position] = value;
        }

        return copy;
    }

    private static StoredMessage Record(byte[] batch, string? innerNum)
    {
        IPEndPoint host = new(IPAddress.Loopback, 10911);
        Dictionary<string, string> properties = new(StringComparer.Ordinal) { ["UNIQ_KEY"] = "batch" };
        if (innerNum is not null)
        {
            properties["INNER_NUM"] = innerNum;
        }

        return new StoredMessage(
            "T", 2, 40, Flag: 1, Flags, new MessageBirth(1_731_999_999_000, host), new StoredPlace(host, 1000, 1_731_999_999_001), ReconsumeTimes: 0, batch, properties);
    }
}

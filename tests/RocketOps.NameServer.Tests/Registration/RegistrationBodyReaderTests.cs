using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.NameServer.Registration;
using RocketOps.NameServer.Routing;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;

namespace RocketOps.NameServer.Tests.Registration;

public sealed class RegistrationBodyReaderTests
{
    private static readonly DataVersion Version = new() { Counter = 3, Timestamp = 1731999999000 };

    public static TheoryData<byte[]> Readable => new() { Encoding.UTF8.GetBytes(Bodies.Json("T", "U")), Bodies.Compressed("T", "U") };

    [Theory]
    [MemberData(nameof(Readable))]
    public void Read_EitherFormat_GivesVersionAndTopics(byte[] body)
    {
        (DataVersion version, IReadOnlyList<TopicRegistration> topics) = RegistrationBodyReader.Read(body);

        version.Should().Be(Version);
        topics.Should().Equal(new TopicRegistration("T", 8, 8, 6, 0), new TopicRegistration("U", 8, 8, 6, 0));
    }

    /// <summary>What a broker leaves out is what RocketMQ's class begins with.</summary>
    [Fact]
    public void Read_TopicWithItsNameAlone_IsReadAndWritten() =>
        RegistrationBodyReader.Read("""{"topicConfigSerializeWrapper":{"topicConfigTable":{"T":{"topicName":"T"}}}}"""u8.ToArray()).Topics.Should().Equal(new TopicRegistration("T", 16, 16, 6, 0));

    public static TheoryData<byte[]> Mapped => new() { Encoding.UTF8.GetBytes(Bodies.Json("S", "U")), Bodies.Compressed("S", "U") };

    [Theory]
    [MemberData(nameof(Mapped))]
    public void Read_StaticTopic_HasItsMapping(byte[] body)
    {
        IReadOnlyList<TopicRegistration> topics = RegistrationBodyReader.Read(body).Topics;

        topics[0].Mapping.Should().Be(new TopicQueueMappingInfo { BrokerName = "b", Topic = "S", LedQueues = new SortedDictionary<int, int> { [0] = 0 } });
        topics[1].Mapping.Should().BeNull();
    }

    [Fact]
    public void Read_NoBody_IsAnEmptyTable()
    {
        (DataVersion version, IReadOnlyList<TopicRegistration> topics) = RegistrationBodyReader.Read(default);

        version.Should().Be(new DataVersion());
        topics.Should().BeEmpty();
    }

    [Theory]
    [InlineData("{\"topicConfigTable\":{\"T\":{}}}")]
    [InlineData("{\"topicConfigTable\":{\"T\":{}},\"dataVersion\":null}")]
    [InlineData("{\"dataVersion\":null}")]
    public void Read_NoVersion_IsVersionZero(string table) =>
        RegistrationBodyReader.Read(Encoding.UTF8.GetBytes("{\"topicConfigSerializeWrapper\":" + table + "}")).Version.Should().Be(new DataVersion());

    [Fact]
    public void Read_VersionThatIsNone_IsRefused() =>
        FluentActions.Invoking(() => RegistrationBodyReader.Read("{\"topicConfigSerializeWrapper\":{\"dataVersion\":7}}"u8.ToArray()))
            .Should().Throw<RemotingCommandException>().WithMessage("the body is no RegisterBrokerBody: *");

    [Fact]
    public void Read_BombOfZeros_IsRefusedBeforeItFillsTheMemory()
    {
        byte[] bomb = Bodies.Zlib(new byte[RegistrationBodyReader.MaxInflatedBytes + 1]);

        bomb.Length.Should().BeLessThan(1024 * 1024);
        FluentActions.Invoking(() => RegistrationBodyReader.Read(bomb)).Should().Throw<RemotingCommandException>().WithMessage("*inflates to more than*");
    }

    [Fact]
    public void Read_CountOfTopicsBeyondTheBody_IsRefusedBeforeAllocating()
    {
        byte[] version = Encoding.UTF8.GetBytes(Bodies.Version);
        byte[] plain = new byte[4 + version.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(plain, version.Length);
        version.CopyTo(plain, 4);
        BinaryPrimitives.WriteInt32BigEndian(plain.AsSpan(4 + version.Length), int.MaxValue);

        FluentActions.Invoking(() => RegistrationBodyReader.Read(Bodies.Zlib(plain))).Should().Throw<RemotingCommandException>().WithMessage("*2147483647 topics do not fit*");
    }

    [Fact]
    public void Read_ZlibAskingForADictionary_IsRefused()
    {
        byte[] body = Convert.FromHexString("783F636060B0A8564ACE2FCD2B492D52B232D6512A2E492C490D4B2D2ACECCCF53B232");

        Action read = () => RegistrationBodyReader.Read(body);

        read.Should().Throw<RemotingCommandException>().Which.ResponseCode.Should().Be(ResponseCode.SystemError);
    }

    [Fact]
    public void Read_DamagedBodies_GiveTopicsOrARefusalAndNothingElse()
    {
        byte[][] originals = [Encoding.UTF8.GetBytes(Bodies.Json("T", "U")), Bodies.Compressed("T", "U")];
        Gen<byte[]> damaged =
            from original in Gen.Elements(originals)
            from cut in Gen.Choose(1, original.Length)
            from position in Gen.Choose(0, original.Length - 1)
            from value in Gen.Choose(0, 255)
            from truncated in Gen.Elements(true, false)
            select Damage(original, truncated ? cut : original.Length, position, (byte)value);

        Prop.ForAll(damaged.ToArbitrary(), body =>
        {
            try
            {
                RegistrationBodyReader.Read(body).Topics.Should().NotBeNull();
            }
            catch (RemotingCommandException refusal)
            {
                refusal.ResponseCode.Should().Be(ResponseCode.SystemError);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Read_DamagedPlainOfCompressedBody_GivesTopicsOrARefusal()
    {
        byte[] plain = Inflate(Bodies.Compressed("T", "U"));
        Gen<byte[]> damaged = from position in Gen.Choose(0, plain.Length - 1) from value in Gen.Choose(0, 255) select Bodies.Zlib(Damage(plain, plain.Length, position, (byte)value));

        Prop.ForAll(damaged.ToArbitrary(), body =>
        {
            try
            {
                RegistrationBodyReader.Read(body).Topics.Should().NotBeNull();
            }
            catch (RemotingCommandException refusal)
            {
                refusal.ResponseCode.Should().Be(ResponseCode.SystemError);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    private static byte[] Damage(byte[] original, int length, int position, byte value)
    {
        byte[] copy = original[..length];
        if (position < length)
        {
            copy[position] = value;
        }

        return copy;
    }

    private static byte[] Inflate(byte[] packed)
    {
        using MemoryStream plain = new();
        using System.IO.Compression.ZLibStream zlib = new(new MemoryStream(packed), System.IO.Compression.CompressionMode.Decompress);
        zlib.CopyTo(plain);
        return plain.ToArray();
    }
}

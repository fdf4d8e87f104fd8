using System.Buffers;
using System.Text;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;
using RocketOps.Protocol.Tests.Vectors;
using RocketOps.Testing.Memory;

namespace RocketOps.Protocol.Tests.Headers;

public sealed class TypedHeaderTests
{
    [Fact]
    public void SendHeader_BinaryVector_IsReadInPlace()
    {
        RequestFrame frame = RequestFrame.Parse(GoldenVectors.Read("8.2-request"));

        SendMessageRequestHeader header = SendMessageRequestHeader.Read(frame, new byte[1024]);

        Text(header.ProducerGroup).Should().Be("pg1");
        Text(header.Topic).Should().Be("TopicTest");
        Text(header.DefaultTopic).Should().Be("TBW102");
        header.DefaultTopicQueueNums.Should().Be(4);
        header.QueueId.Should().Be(2);
        header.BornTimestamp.Should().Be(1731999999000);
        Text(header.Properties).Should().Be("KEYS\u0001order-1\u0002UNIQ_KEY\u00010A010209126718B4AAC2000186A00000\u0002WAIT\u0001true\u0002TAGS\u0001TagA\u0002");
        header.Batch.Should().BeFalse();
        header.MaxReconsumeTimes.Should().BeNull();
        Text(frame.Body).Should().Be("Hello RocketMQ");
    }

    [Theory]
    [InlineData(SerializeType.Json)]
    [InlineData(SerializeType.RocketMq)]
    public void SendHeader_LongNames_MeanTheSame(SerializeType type)
    {
        RemotingCommand command = RemotingCommand.CreateRequest(RequestCode.SendMessage);
        command.SerializeType = type;
        command.Set("producerGroup", "p").Set("topic", "t").Set("defaultTopic", "TBW102").Set("defaultTopicQueueNums", 4).Set("queueId", -1)
            .Set("sysFlag", 1).Set("bornTimestamp", 5).Set("flag", 7).Set("properties", "K\u0001V").Set("reconsumeTimes", 2).Set("unitMode", true)
            .Set("maxReconsumeTimes", 3).Set("batch", true).Set("bname", "x");
        byte[] bytes = Encode(command);

        SendMessageRequestHeader header = SendMessageRequestHeader.Read(RequestFrame.Parse(bytes), new byte[1024]);

        Text(header.Topic).Should().Be("t");
        header.QueueId.Should().Be(-1);
        header.Flag.Should().Be(7);
        Text(header.Properties).Should().Be("K\u0001V");
        header.ReconsumeTimes.Should().Be(2);
        header.UnitMode.Should().BeTrue();
        header.MaxReconsumeTimes.Should().Be(3);
        header.Batch.Should().BeTrue();
    }

    [Theory]
    [InlineData("b", "topic")]
    [InlineData("h", "flag")]
    public void SendHeader_MissingField_IsRefusedByName(string left, string name)
    {
        RemotingCommand command = RemotingCommand.CreateRequest(RequestCode.SendMessageV2);
        foreach (string letter in (string[])["a", "b", "c", "d", "e", "f", "g", "h"])
        {
            command.Set(letter, letter == left ? null : "1");
        }

        byte[] bytes = Encode(command);

        Action read = () => SendMessageRequestHeader.Read(RequestFrame.Parse(bytes), new byte[1024]);

        read.Should().Throw<RemotingCommandException>().WithMessage($"the custom field <{name}> is null").Which.ResponseCode.Should().Be(ResponseCode.SystemError);
    }

    [Fact]
    public void SendHeader_NumberThatIsNone_IsRefused()
    {
        RemotingCommand command = RemotingCommand.CreateRequest(RequestCode.SendMessageV2).Set("e", "2x");
        byte[] bytes = Encode(command);

        Action read = () => SendMessageRequestHeader.Read(RequestFrame.Parse(bytes), new byte[1024]);

        read.Should().Throw<RemotingCommandException>().WithMessage("NumberFormatException*<e>*2x*");
    }

    [Fact]
    public void PullHeader_JsonVector_IsRead()
    {
        PullMessageRequestHeader header = PullMessageRequestHeader.Read(RequestFrame.Parse(GoldenVectors.Read("8.3-request")), new byte[1024]);

        Text(header.ConsumerGroup).Should().Be("cg1");
        Text(header.Topic).Should().Be("TopicTest");
        header.QueueId.Should().Be(2);
        header.QueueOffset.Should().Be(41);
        header.MaxMessages.Should().Be(32);
        header.HasCommitOffset.Should().BeTrue();
        header.MaySuspend.Should().BeTrue();
        header.HasSubscription.Should().BeFalse();
        header.CommitOffset.Should().Be(41);
        header.SuspendTimeoutMs.Should().Be(15000);
        header.SubscriptionVersion.Should().Be(1731999990000);
        Text(header.ExpressionType).Should().Be("TAG");
    }

    /// <summary>Who says that it brings progress must say which; who does not may leave the field out.</summary>
    [Theory]
    [InlineData(PullMessageRequestHeader.CommitOffsetFlag, null)]
    [InlineData(PullMessageRequestHeader.CommitOffsetFlag | PullMessageRequestHeader.SubscriptionFlag, null)]
    [InlineData(PullMessageRequestHeader.CommitOffsetFlag, 0L)]
    [InlineData(PullMessageRequestHeader.SuspendFlag, null)]
    public void PullHeader_CommitOffset_IsRequiredByItsFlag(int sysFlag, long? offset)
    {
        RemotingCommand command = RemotingCommand.CreateRequest(RequestCode.PullMessage)
            .Set("consumerGroup", "g").Set("topic", "t").Set("queueId", 0).Set("queueOffset", 0).Set("maxMsgNums", 1).Set("sysFlag", sysFlag);
        if (offset is { } progress)
        {
            command.Set("commitOffset", progress);
        }

        byte[] bytes = Encode(command);

        Func<long> read = () => PullMessageRequestHeader.Read(RequestFrame.Parse(bytes), new byte[1024]).CommitOffset;

        if (offset is null && (sysFlag & PullMessageRequestHeader.CommitOffsetFlag) != 0)
        {
            read.Should().Throw<RemotingCommandException>().WithMessage("the custom field <commitOffset> is null").Which.ResponseCode.Should().Be(ResponseCode.SystemError);
        }
        else
        {
            read().Should().Be(0);
        }
    }

    [Fact]
    public void ReadAndWrite_InSteadyState_AllocateNothing()
    {
        byte[] send = GoldenVectors.Read("8.2-request");
        byte[] pull = GoldenVectors.Read("8.3-request");
        byte[] scratch = new byte[4096];
        byte[] destination = new byte[4096];
        RunOnce(send, pull, scratch, destination);

        long allocated = Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                RunOnce(send, pull, scratch, destination);
            }
        });

        allocated.Should().Be(0);
    }

    private static void RunOnce(byte[] send, byte[] pull, byte[] scratch, byte[] destination)
    {
        RequestFrame frame = RequestFrame.Parse(send);
        SendMessageRequestHeader sendHeader = SendMessageRequestHeader.Read(frame, scratch);
        PullMessageRequestHeader pullHeader = PullMessageRequestHeader.Read(RequestFrame.Parse(pull), scratch);
        ResponseFrameWriter writer = new(destination, SerializeType.Json, ResponseCode.Success, frame.Opaque, MqVersion.V533);
        writer.Add("queueId"u8, sendHeader.QueueId);
        writer.Add("queueOffset"u8, pullHeader.QueueOffset);
        writer.Complete(0);
    }

    private static byte[] Encode(RemotingCommand command)
    {
        ArrayBufferWriter<byte> written = new();
        RemotingCommandCodec.Write(command, written);
        return written.WrittenSpan.ToArray();
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}

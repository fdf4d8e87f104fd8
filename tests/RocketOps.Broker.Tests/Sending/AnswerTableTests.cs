using System.Text;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Tests.Hosting;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Sending;

/// <summary>
/// The tables from outcomes to wire codes, every value and one that is none. Not beside other tests, as one waits for code that is compiled for good: the runtime puts that off while anything is compiled for the first time.
/// </summary>
[Collection(nameof(AllocationTests))]
public sealed class AnswerTableTests
{
    [Theory]
    [InlineData(AppendStatus.Ok, ResponseCode.Success)]
    [InlineData(AppendStatus.ServiceNotAvailable, ResponseCode.ServiceNotAvailable)]
    [InlineData(AppendStatus.DiskFull, ResponseCode.ServiceNotAvailable)]
    [InlineData(AppendStatus.MessageIllegal, ResponseCode.MessageIllegal)]
    [InlineData(AppendStatus.PropertiesTooLong, ResponseCode.MessageIllegal)]
    [InlineData(AppendStatus.Busy, ResponseCode.SystemBusy)]
    [InlineData(AppendStatus.FileCreationFailed, ResponseCode.SystemError)]
    [InlineData((AppendStatus)99, ResponseCode.SystemError)]
    public void SendRefusals_OfTheStore_GiveRocketMqsCode(AppendStatus status, int code) => SendRefusals.CodeOf(SendPipeline.StatusOf(status)).Should().Be(code);

    [Fact]
    public async Task SendRefusals_Remarks_AreRocketMqsAndAllocateNothing()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        SendRefusals refusals = broker.Host.Modules.Messages.Refusals;
        TopicConfig config = new() { TopicName = "T", WriteQueueNums = 4, ReadQueueNums = 5 };
        byte[] buffer = new byte[RemarkText.MaxBytes];
        Dictionary<SendStatus, string> remarks = [];
        foreach (SendStatus status in Enum.GetValues<SendStatus>())
        {
            remarks[status] = Encoding.UTF8.GetString(refusals.RemarkOf(status, "%RETRY%g"u8, 7, config, buffer));
        }

        // The runtime boxes what it formats until it has compiled the formatting for good.
        await Eventually.TrueAsync(
            () =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                foreach (SendStatus status in remarks.Keys)
                {
                    refusals.RemarkOf(status, "%RETRY%g"u8, 7, config, buffer);
                }

                return GC.GetAllocatedBytesForCurrentThread() == before;
            },
            "no remark allocates");
        remarks[SendStatus.Slave].Should().Be("service not available now: this broker is a slave");
        remarks[SendStatus.BrokerNotWriteable].Should().Be("the broker[127.0.0.1] sending message is forbidden");
        remarks[SendStatus.TopicForbidden].Should().Be("Sending message to topic[%RETRY%g] is forbidden.");
        remarks[SendStatus.TopicMissing].Should().Be("topic[%RETRY%g] not exist, apply first please!");
        remarks[SendStatus.TooManyTopics].Should().Be(
            "topic[%RETRY%g] not exist, apply first please! The broker has as many topics as maxTopics, which is 200000: an administrator can make it (mqadmin updateTopic)");
        remarks[SendStatus.BadQueue].Should().Be("request queueId[7] is illegal, topic %RETRY%g has 4 write and 5 read queues");
        remarks[SendStatus.BatchTopicTooLong].Should().Be("message topic length too long 8");
        remarks[SendStatus.GroupMissing].Should().Be("subscription group not exist, g");
        remarks[SendStatus.TransactionForbidden].Should().Be("the broker[127.0.0.1] sending transaction message is forbidden");
        remarks[SendStatus.MessageIllegal].Should().Be(
            "the message is illegal, maybe msg body or properties length not matched. msg body length limit 4194304B, msg properties length limit 32KB.");
        remarks[SendStatus.NoRoomForProperties].Should().Be(
            "the message is illegal, maybe msg body or properties length not matched. msg body length limit 4194304B, msg properties length limit 32KB, of which 544 bytes are kept for what is added when a message waits or is given back.");
        remarks[SendStatus.DiskFull].Should().MatchRegex(@"^service not available now: the disk is full \(the log needs \d+ KiB at once, \d+ MiB were free at the last look\)$");
        remarks[SendStatus.StoreNotAvailable].Should().Be("service not available now: the store takes no messages (None)");
        remarks[SendStatus.Busy].Should().Be("[PC_SYNCHRONIZED]broker busy, start flow control for a while");
        remarks[SendStatus.NotYet].Should().StartWith("broker unable to service, until 1970-01-01 00:00:00,000");
    }

    [Theory]
    [InlineData(WaitOutcome.Reached, ResponseCode.Success)]
    [InlineData(WaitOutcome.TimedOut, ResponseCode.FlushDiskTimeout)]
    [InlineData(WaitOutcome.Failed, ResponseCode.ServiceNotAvailable)]
    [InlineData(WaitOutcome.CutOff, ResponseCode.ServiceNotAvailable)]
    [InlineData(WaitOutcome.NotWritten, ResponseCode.ServiceNotAvailable)]
    [InlineData((WaitOutcome)99, ResponseCode.ServiceNotAvailable)]
    public void SendRefusals_CodeOf_GivesRocketMqsCode(WaitOutcome outcome, int code) => SendRefusals.CodeOf(outcome).Should().Be(code);

    [Theory]
    [InlineData(AppendStatus.Ok, WaitOutcome.Reached, "PUT_OK")]
    [InlineData(AppendStatus.Ok, WaitOutcome.TimedOut, "FLUSH_DISK_TIMEOUT")]
    [InlineData(AppendStatus.Ok, WaitOutcome.SlaveTimedOut, "FLUSH_SLAVE_TIMEOUT")]
    [InlineData(AppendStatus.Ok, WaitOutcome.NoSlave, "SLAVE_NOT_AVAILABLE")]
    [InlineData(AppendStatus.Ok, WaitOutcome.CutOff, "SERVICE_NOT_AVAILABLE")]
    [InlineData(AppendStatus.Ok, WaitOutcome.NotWritten, "SERVICE_NOT_AVAILABLE")]
    [InlineData(AppendStatus.DiskFull, WaitOutcome.Failed, "SERVICE_NOT_AVAILABLE")]
    [InlineData(AppendStatus.MessageIllegal, WaitOutcome.Failed, "MESSAGE_ILLEGAL")]
    [InlineData(AppendStatus.PropertiesTooLong, WaitOutcome.Failed, "PROPERTIES_SIZE_EXCEEDED")]
    [InlineData(AppendStatus.Busy, WaitOutcome.Failed, "OS_PAGE_CACHE_BUSY")]
    [InlineData(AppendStatus.FileCreationFailed, WaitOutcome.Failed, "CREATE_MAPPED_FILE_FAILED")]
    public void SendRefusals_NameOf_IsRocketMqsName(AppendStatus status, WaitOutcome durability, string name) =>
        SendRefusals.NameOf(new AppendOutcome(status, default, durability)).Should().Be(name);

    [Theory]
    [InlineData(GetStatus.Found, 0, ResponseCode.Success)]
    [InlineData(GetStatus.MessageWasRemoving, 0, ResponseCode.PullRetryImmediately)]
    [InlineData(GetStatus.NoMatchedMessage, 5, ResponseCode.PullRetryImmediately)]
    [InlineData(GetStatus.NoMatchedLogicQueue, 0, ResponseCode.PullNotFound)]
    [InlineData(GetStatus.NoMatchedLogicQueue, 1, ResponseCode.PullOffsetMoved)]
    [InlineData(GetStatus.NoMessageInQueue, 0, ResponseCode.PullNotFound)]
    [InlineData(GetStatus.NoMessageInQueue, 7, ResponseCode.PullOffsetMoved)]
    [InlineData(GetStatus.OffsetFoundNull, 3, ResponseCode.PullNotFound)]
    [InlineData(GetStatus.OffsetOverflowOne, 3, ResponseCode.PullNotFound)]
    [InlineData(GetStatus.OffsetOverflowBadly, 3, ResponseCode.PullOffsetMoved)]
    [InlineData(GetStatus.OffsetTooSmall, 3, ResponseCode.PullOffsetMoved)]
    [InlineData(GetStatus.NotReadable, 0, ResponseCode.SystemError)]
    [InlineData((GetStatus)99, 0, ResponseCode.SystemError)]
    public void PullCodes_From_GivesRocketMqsCode(GetStatus status, long offset, int code) => PullCodes.CodeOf(PullCodes.From(status, offset)).Should().Be(code);
}

using RocketOps.Broker.Pulling;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Tests.Support;
using RocketOps.Remoting.Commands;
using RocketOps.Store;

namespace RocketOps.Broker.Tests.Sending;

/// <summary>The tables from outcomes to wire codes, every value and one that is none.</summary>
public sealed class AnswerTableTests
{
    private static readonly StoreStats Stats = new()
    {
        MinOffset = default,
        MaxOffset = default,
        WrittenOffset = default,
        DurableOffset = default,
        DispatchedOffset = default,
        DiskUsedRatio = 0.97,
        Flags = StoreFlags.DiskFull,
        MessagesAppended = 0,
        BytesAppended = 0,
        BootTimestamp = 0,
    };

    [Theory]
    [InlineData(AppendStatus.ServiceNotAvailable, ResponseCode.ServiceNotAvailable)]
    [InlineData(AppendStatus.DiskFull, ResponseCode.ServiceNotAvailable)]
    [InlineData(AppendStatus.MessageIllegal, ResponseCode.MessageIllegal)]
    [InlineData(AppendStatus.PropertiesTooLong, ResponseCode.MessageIllegal)]
    [InlineData(AppendStatus.Busy, ResponseCode.SystemBusy)]
    [InlineData(AppendStatus.FileCreationFailed, ResponseCode.SystemError)]
    [InlineData((AppendStatus)99, ResponseCode.SystemError)]
    public void SendRefusals_From_GivesRocketMqsCode(AppendStatus status, int code) =>
        SendRefusals.From(status, TestBroker.OptionsOf([]), Stats).ResponseCode.Should().Be(code);

    [Theory]
    [InlineData(DurabilityOutcome.Durable, ResponseCode.Success)]
    [InlineData(DurabilityOutcome.TimedOut, ResponseCode.FlushDiskTimeout)]
    [InlineData(DurabilityOutcome.Failed, ResponseCode.ServiceNotAvailable)]
    [InlineData((DurabilityOutcome)99, ResponseCode.ServiceNotAvailable)]
    public void SendRefusals_CodeOf_GivesRocketMqsCode(DurabilityOutcome outcome, int code) => SendRefusals.CodeOf(outcome).Should().Be(code);

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
    public void PullCodes_From_GivesRocketMqsCode(GetStatus status, long offset, int code) => PullCodes.From(status, offset).Should().Be(code);
}

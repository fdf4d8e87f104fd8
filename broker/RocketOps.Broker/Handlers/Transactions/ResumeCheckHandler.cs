using System.Globalization;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Transactions;

/// <summary>
/// RESUME_CHECK_HALF_MESSAGE (323): a half that was given up, named by its offset id, waits among the halves again and is asked about from the first question on. Nothing else becomes a half by it:
/// many messages say in their properties where they belong. Source: admin.md §4.
/// </summary>
internal sealed class ResumeCheckHandler(
    CurrentRole role, MessageStore store, MessageAppender appender, BrokerAddress address, TransactionState state, TimeProvider time) : AsyncRequestHandler
{
    private const int OffsetDigits = 16;
    private const string Failed = "Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed";

    private static readonly byte[] GivenUp = Encoding.UTF8.GetBytes(TopicNames.TransactionCheckMaxTime);

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string id = request.GetRequired("msgId");
        if (role.IsSlave)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"{Failed}: this broker is a slave");
        }

        if (id.Length is not (32 or OffsetMessageId.MaxLength)
            || !long.TryParse(id.AsSpan(id.Length - OffsetDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long offset)
            || offset < 0
            || await store.Reader.LookMessageAsync(new PhysicalOffset(offset), cancellationToken) is not { } record
            || !IsGivenUp(record)
            || HalfMessage.Read(record) is not { IsWhole: true } half)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"{Failed}: {id} is the offset id of no half message");
        }

        using HeldBytes held = connection.Hold(half.HeldBytes);
        AppendOutcome outcome = await ResumeAsync(half);
        return outcome.IsStored
            ? RemotingCommand.CreateResponse(request, ResponseCode.Success)
            : throw new RemotingCommandException(ResponseCode.SystemError, $"{Failed}: the message cannot be stored ({outcome.Status}, {outcome.Durability})");
    }

    private static bool IsGivenUp(byte[] record) => RecordView.Read(record).Topic.SequenceEqual(GivenUp);

    private async ValueTask<AppendOutcome> ResumeAsync(HalfMessage half)
    {
        long startedAt = time.GetTimestamp();
        OwnedMessage resumed = half.Resume(state.Topics.Half, address.StoreHost);
        AppendStatus status;
        AppendResult result;
        do
        {
            if (!state.Halves.TryResume(half.PhysicalOffset, half.Original, appender, resumed.ToAppend(), out status, out result))
            {
                throw new RemotingCommandException(ResponseCode.SystemError, $"{Failed}: its transaction is settled, or it waits among the halves already");
            }
        }
        while (await appender.OvercomeAsync(status, resumed.Topic, resumed.QueueId));

        return status == AppendStatus.Ok ? await appender.CompleteAsync(result, waitForDisk: true, startedAt) : new AppendOutcome(status, result, WaitOutcome.Failed);
    }
}

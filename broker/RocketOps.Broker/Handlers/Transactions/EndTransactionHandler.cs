using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Topics;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Transactions;

/// <summary>
/// END_TRANSACTION (37), nearly always one-way: stores the message of a committed half in its topic and notes the half as settled, or only the latter when it is rolled
/// back. Message and note go into the log one behind the other, so that nothing but a crash or a change of role between two writes leaves a committed half unsettled. Source: remoting.md §5.4.
/// </summary>
internal sealed class EndTransactionHandler(
    CurrentOptions<TransactionOptions> options,
    CurrentRole role,
    MessageStore store,
    MessageAppender appender,
    BrokerAddress address,
    CommitRoutes routes,
    TransactionState state,
    SendRefusals refusals,
    TimeProvider time)
    : AsyncRequestHandler
{
    private const string NotFound = "Find prepared transaction message failed";

    protected override bool FinishesOneWay => true;

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        long halfOffset = request.GetRequiredInt64("tranStateTableOffset");
        long commitLogOffset = request.GetRequiredInt64("commitLogOffset");
        string group = request.GetRequired("producerGroup");
        if (role.IsSlave)
        {
            // The remark is what RocketMQ leaves there.
            return RemotingCommand.CreateResponse(request, ResponseCode.SlaveNotAvailable, "not set any response code");
        }

        bool commit;
        switch (request.GetRequiredInt32("commitOrRollback"))
        {
            case SysFlags.TransactionCommit:
                commit = true;
                break;
            case SysFlags.TransactionRollback:
                commit = false;
                break;
            default:
                // Unknown yet: the producer will be asked. Clients want no answer; a member of the group that has passed it on waits for one, and so does whoever waits for that member.
                return RemotingCommand.CreateResponse(request, ResponseCode.Success);
        }

        HalfMessage half = await FindAsync(commitLogOffset, cancellationToken);
        using HeldBytes held = connection.Hold(half.HeldBytes);
        bool answersCheck = string.Equals(request.Get("fromTransactionCheck"), "true", StringComparison.OrdinalIgnoreCase);
        if (!answersCheck && half.ImmunityOver(options.Value.TransactionTimeout) is { } immunity && half.AgeAt(time.GetUtcNow()) > immunity)
        {
            return RemotingCommand.CreateResponse(request, ResponseCode.IllegalOperation, "the time in which the producer could end the transaction unasked is over; it is asked");
        }

        Check(half, group, halfOffset, commitLogOffset);
        return await SettleAsync(request, half, commit);
    }

    private static void Check(HalfMessage half, string group, long halfOffset, long commitLogOffset)
    {
        string? problem = !string.Equals(half.ProducerGroup, group, StringComparison.Ordinal) ? "The producer group wrong"
            : half.QueueOffset != halfOffset ? "The transaction state table offset wrong"
            : half.PhysicalOffset != commitLogOffset ? "The commit log offset wrong"
            : null;
        if (problem is not null)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, problem);
        }
    }

    private async ValueTask<HalfMessage> FindAsync(long commitLogOffset, CancellationToken cancellationToken)
    {
        byte[]? record = commitLogOffset < 0 ? null : await store.Reader.LookMessageAsync(new PhysicalOffset(commitLogOffset), cancellationToken);
        HalfMessage? half = record is not null && HalfMessage.IsHalf(record, state.Topics.Half) ? HalfMessage.Read(record) : null;
        return half is { IsWhole: true } ? half : throw new RemotingCommandException(ResponseCode.SystemError, NotFound);
    }

    private async ValueTask<RemotingCommand> SettleAsync(RemotingCommand request, HalfMessage half, bool commit)
    {
        switch (state.Halves.Claim(half.QueueOffset, out long current))
        {
            case HalfClaim.Settled:
                // By an op that may not be as safe as it is to be.
                WaitOutcome noted = request.IsOneWay ? WaitOutcome.Reached : await appender.ConfirmAsync(store.Positions.End);
                return AppendOutcome.SaysStored(noted) ? RemotingCommand.CreateResponse(request, ResponseCode.Success) : Refuse(request, noted);
            case HalfClaim.UnderWay:
                return RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "another request is ending this transaction; ask again, or wait for the check");
        }

        bool settled = false;
        try
        {
            if (commit)
            {
                // What cannot be committed stays open: it is asked about, and kept with those that were given up when it never can.
                SendStatus refused = half.TryCommit(routes, address.StoreHost, out TopicState? topic, out OwnedMessage? message);
                if (refused != SendStatus.Stored)
                {
                    return refusals.Answer(request, refused, half.Topic!, half.Queue, topic?.Config);
                }

                // Not waited for: the op behind it is, and lies behind it in the log.
                AppendOutcome outcome = await appender.AppendAsync(message!, waitForDisk: false);
                if (!outcome.IsOk)
                {
                    return Refuse(request, outcome);
                }
            }

            // From here on the message is there: a half that stays unsettled for want of the op is asked about, and then committed twice.
            settled = true;
            AppendOutcome op = await appender.AppendAsync(OpMessages.Write(state.Topics, address, current, time.GetUtcNow()), waitForDisk: !request.IsOneWay);
            // Stored, if not as safe as it was to be: what the half's producer sees of it is the same.
            return op.IsStored ? RemotingCommand.CreateResponse(request, ResponseCode.Success) : Refuse(request, op);
        }
        finally
        {
            state.Halves.EndClaim(current, settled);
        }
    }

    private static RemotingCommand Refuse(RemotingCommand request, WaitOutcome outcome) => RemotingCommand.CreateResponse(request, SendRefusals.CodeOf(outcome), SendRefusals.RemarkOf(outcome));

    private static RemotingCommand Refuse(RemotingCommand request, AppendOutcome outcome) => outcome.Status switch
    {
        AppendStatus.Ok => Refuse(request, outcome.Durability),
        AppendStatus.MessageIllegal or AppendStatus.PropertiesTooLong => RemotingCommand.CreateResponse(
            request,
            ResponseCode.MessageIllegal,
            "The message is illegal, maybe msg body or properties length not matched. msg body length limit 128k, msg properties length limit 32k."),
        AppendStatus.ServiceNotAvailable => RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "Service not available now."),
        AppendStatus.FileCreationFailed => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "Create mapped file failed."),
        AppendStatus.Busy => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "OS page cache busy, please try another machine"),
        _ => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, $"the message cannot be stored ({outcome.Status})"),
    };
}

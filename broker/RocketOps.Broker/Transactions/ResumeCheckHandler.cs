using System.Globalization;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Roles;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Transactions;

/// <summary>RESUME_CHECK_HALF_MESSAGE (323): a half that was given up, named by its offset id, waits among the halves again and is asked about from the first question on. Source: admin.md §4.</summary>
internal sealed class ResumeCheckHandler(CurrentRole role, MessageStore store, MessageAppender appender, BrokerAddress address, TransactionTopics topics) : AsyncRequestHandler
{
    private const int OffsetDigits = 16;

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string id = request.GetRequired("msgId");
        if (role.IsSlave)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed: this broker is a slave");
        }

        if (id.Length is not (32 or OffsetMessageId.MaxLength)
            || !long.TryParse(id.AsSpan(id.Length - OffsetDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long offset)
            || offset < 0
            || await store.Reader.LookMessageAsync(new PhysicalOffset(offset), cancellationToken) is not { } record
            || HalfMessage.Read(record) is not { IsWhole: true } half)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed: {id} is the offset id of no half message");
        }

        AppendOutcome outcome = await appender.AppendAsync(half.Resume(topics.Half, address.StoreHost), waitForDisk: true);
        return outcome.IsOk
            ? RemotingCommand.CreateResponse(request, ResponseCode.Success)
            : throw new RemotingCommandException(ResponseCode.SystemError, $"Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed: the message cannot be stored ({outcome.Status}, {outcome.Durability})");
    }
}

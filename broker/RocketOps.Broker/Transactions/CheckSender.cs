using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Remoting.Commands;

namespace RocketOps.Broker.Transactions;

/// <summary>Asks a producer of the half's group what became of its transaction: CHECK_TRANSACTION_STATE (39), answered by an END_TRANSACTION. Source: remoting.md §3.2, §5.4.</summary>
internal sealed partial class CheckSender(BrokerSettings settings, ProducerTable producers, BrokerAddress address, ILogger<CheckSender> logger)
{
    /// <summary>Producers that are tried until one takes the question, as in RocketMQ.</summary>
    private const int MostTries = 3;

    /// <summary>True when a producer has been asked; the group's producers take turns.</summary>
    public bool Ask(HalfMessage half)
    {
        string group = half.ProducerGroup ?? string.Empty;
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.CheckTransactionState)
            .Set("tranStateTableOffset", half.QueueOffset.ToString(CultureInfo.InvariantCulture))
            .Set("commitLogOffset", half.PhysicalOffset.ToString(CultureInfo.InvariantCulture))
            .Set("offsetMsgId", OffsetMessageId.Format(address.StoreHost, new PhysicalOffset(half.PhysicalOffset)))
            .Set("bname", settings.Current.BrokerName)
            .Set("topic", half.Topic!);
        if (half.UniqKey is { } uniqKey)
        {
            request.Set("msgId", uniqKey).Set("transactionId", uniqKey);
        }

        request.Body = half.Restore();
        for (int i = 0; i < MostTries && producers.Next(group) is { } producer; i++)
        {
            if (producer.Connection.SendOneWay(request))
            {
                return true;
            }
        }

        LogNobody(group, half.QueueOffset, half.Checks);
        return false;
    }

    [LoggerMessage(EventId = 3701, Level = LogLevel.Warning, Message = "No producer of {Group} is connected that could be asked about the half at {QueueOffset} (check {Check}); it is tried again with the next round")]
    private partial void LogNobody(string group, long queueOffset, int check);
}

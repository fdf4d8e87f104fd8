using System.Globalization;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Asks a producer of the half's group what became of its transaction: CHECK_TRANSACTION_STATE (39), answered by an END_TRANSACTION. In each round a connection gets no more questions than its
/// client holds, and not so many bytes that its own answers wait for them. One thread. Source: remoting.md §3.2, §5.4.
/// </summary>
internal sealed class CheckSender(BrokerSettings settings, ProducerTable producers, BrokerAddress address)
{
    /// <summary>Producers that are tried until one takes the question, as in RocketMQ.</summary>
    private const int MostTries = 3;

    /// <summary>Clients hold 2 000 questions and drop what comes beyond them: half of these, as some of the last round may be waiting there still.</summary>
    private const int MostQuestions = 1_000;

    /// <summary>A connection with 64 MiB that its peer does not take is closed.</summary>
    private const int MostBytes = 16 * 1024 * 1024;

    private readonly Dictionary<RemotingConnection, (int Questions, long Bytes)> _spent = [];

    /// <summary>Connections may be asked anew.</summary>
    public void Reset() => _spent.Clear();

    /// <summary>True when a producer of the half's group is connected.</summary>
    public bool IsOnline(HalfMessage half) => producers.ChannelsOf(GroupOf(half)).Count > 0;

    /// <summary>A producer that is to be asked about the half, for which this counts already; the group's producers take turns. Null when none is connected, or all have enough questions in this round.</summary>
    public ClientChannel? Choose(HalfMessage half)
    {
        string group = GroupOf(half);
        for (int i = 0; i < MostTries && producers.Next(group) is { } producer; i++)
        {
            (int questions, long bytes) = _spent.GetValueOrDefault(producer.Connection);
            if (questions < MostQuestions && (questions == 0 || bytes + half.Bytes <= MostBytes))
            {
                _spent[producer.Connection] = (questions + 1, bytes + half.Bytes);
                return producer;
            }
        }

        return null;
    }

    /// <summary>True when the question has left, to the producer that was chosen or, when that one has gone meanwhile, another one.</summary>
    public bool Ask(HalfMessage half, ClientChannel chosen)
    {
        string group = GroupOf(half);
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
        if (chosen.Connection.SendOneWay(request))
        {
            return true;
        }

        for (int i = 1; i < MostTries && producers.Next(group) is { } producer; i++)
        {
            if (producer.Connection.SendOneWay(request))
            {
                return true;
            }
        }

        return false;
    }

    private static string GroupOf(HalfMessage half) => half.ProducerGroup ?? string.Empty;
}

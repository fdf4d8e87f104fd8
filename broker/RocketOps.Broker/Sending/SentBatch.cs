using RocketOps.Remoting.Connections;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Sending;

/// <summary>Messages of one batch that were appended, and what in the log their replies wait for.</summary>
internal sealed class SentBatch : IBatchState
{
    /// <summary>Behind the last record that the replies acknowledge.</summary>
    public LogMark End { get; private set; }

    /// <summary>Number of messages.</summary>
    public int Messages { get; private set; }

    public void Add(LogMark end, int messages)
    {
        End = Messages == 0 ? end : end.And(End);
        Messages += messages;
    }

    public void Clear()
    {
        End = default;
        Messages = 0;
    }
}

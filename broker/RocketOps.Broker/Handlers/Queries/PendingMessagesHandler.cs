using RocketOps.Broker.Pending;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Queries;

/// <summary>
/// GET_PENDING_MESSAGES (560001, ours): what waits of a topic elsewhere than in its queues, as half, timer, delayed message or retry, for the queues from a number on. Whoever is
/// about to cut queues or to delete a topic asks. Only a master answers, since only it delivers. One request reads at a time, and a bounded amount; the next one goes on where it ended,
/// so that a queue is read once however often somebody asks. When many topics are asked for at the same time some of them wait for the others. Thread-safe.
/// </summary>
internal sealed class PendingMessagesHandler(CurrentRole role, TopicTable topics, MessageStore store, BacklogQueues queues, TimeProvider time) : AsyncRequestHandler
{
    /// <summary>Requests that may wait for the one that reads.</summary>
    private const int MostWaiting = 8;

    /// <summary>Counts of one answer; nobody shows more to a person.</summary>
    private const int MostCounts = 64;

    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly ScanMemory _scans = new(time);
    private int _waiting;

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string topic = request.GetRequired("topic");
        int fromQueue = request.GetInt32("fromQueueId", 0);
        if (TopicNames.FindProblem(topic) is { } problem)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, problem);
        }

        if (fromQueue < 0)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"fromQueueId {fromQueue} is no queue number");
        }

        if (role.IsSlave)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "this broker is a slave, which delivers nothing: ask its master");
        }

        // A name nobody knows has no scan: messages may wait for it all the same, as for a topic that was deleted too early, but nothing can be cut from it.
        topics.GetOrThrow(topic);
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new RemotingCommandException(ResponseCode.SystemBusy, "other requests look for pending messages: ask again");
        }

        try
        {
            await _reading.WaitAsync(cancellationToken);
            try
            {
                // Reads much: not on the thread that serves the connections.
                return Answer(request, await Task.Run(() => ScanAsync(topic, fromQueue, cancellationToken), cancellationToken));
            }
            finally
            {
                _reading.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private static RemotingCommand Answer(RemotingCommand request, PendingReport report)
    {
        FastJsonWriter json = new();
        json.BeginObject().Field("complete", report.IsComplete).Field("unread", report.Unread).Name("pending").BeginArray();
        foreach (PendingCount count in report.Counts.Take(MostCounts))
        {
            json.BeginObject().Field("kind", count.Kind.ToString()).Field("queueId", count.QueueId).Field("count", count.Count).Field("lastDueTimestamp", count.LastDue).EndObject();
        }

        json.EndArray().EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = json.Written;
        return response;
    }

    private async Task<PendingReport> ScanAsync(string topic, int fromQueue, CancellationToken cancellationToken) =>
        _scans.Find(topic, fromQueue, store.Positions.End.Generation) is { } scan
            ? await scan.ReadAsync(queues.Find(topic, withRetries: fromQueue == 0), store, new ScanBudget(time), cancellationToken)
            : new PendingReport(IsComplete: false, Unread: 0, []);
}

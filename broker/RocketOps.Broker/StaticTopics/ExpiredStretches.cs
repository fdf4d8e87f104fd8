using Microsoft.Extensions.Logging;
using RocketOps.Broker.Pending;
using RocketOps.Broker.Roles;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.StaticTopics;

/// <summary>
/// Takes the first stretches of the logical queues this broker leads out of their mappings once their messages have expired, wherever those lay: whoever reads from the beginning then needs
/// that broker no more. A stretch goes only when the one after it has its place, and what has no answer stays. One of this broker's own stays as well while delayed messages, those with a time or halves wait for its
/// queue: they find by it where the logical queue goes on. Part of a master's <c>RoleSession</c>. Source: apache/rocketmq TopicQueueMappingCleanService.cleanItemExpired 5.5.0.
/// </summary>
internal sealed partial class ExpiredStretches : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly TopicQueueMappingTable _mappings;
    private readonly TopicTable _topics;
    private readonly MessageStore _store;
    private readonly BrokerPeers _peers;
    private readonly BacklogQueues _waiting;
    private readonly TimeProvider _time;
    private readonly ILogger<ExpiredStretches> _logger;
    private readonly ScanMemory _scans;
    private readonly ServiceLoop _loop;

    public ExpiredStretches(
        TopicQueueMappingTable mappings, TopicTable topics, MessageStore store, BrokerPeers peers, BacklogQueues waiting, TimeProvider time, ILogger<ExpiredStretches> logger)
    {
        _mappings = mappings;
        _topics = topics;
        _store = store;
        _peers = peers;
        _waiting = waiting;
        _time = time;
        _scans = new ScanMemory(time);
        _logger = logger;
        _loop = new ServiceLoop(GoOnAsync, OnFailed, time);
    }

    public void Start() => _loop.Start();

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    /// <summary>Looks at the first stretch of every logical queue once.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach ((string topic, TopicQueueMapping mapping) in _mappings.All)
        {
            SortedDictionary<int, LogicQueueMappingItem> expired = [];
            foreach (int id in mapping.Queues?.Keys.ToArray() ?? [])
            {
                if (mapping.TryGetLed(id, out LogicQueue? queue) && queue.Items is [var first, { IsPlaced: true }, ..] && await IsEmptyAsync(topic, mapping, first, cancellationToken))
                {
                    expired[id] = first;
                }
            }

            await KeepWaitedForAsync(topic, mapping, expired, cancellationToken);
            if (expired.Count > 0)
            {
                await _mappings.RemoveFirstAsync(topic, expired);
                foreach ((int id, LogicQueueMappingItem item) in expired)
                {
                    LogRemoved(topic, id, item.QueueId, item.BrokerName);
                }
            }
        }
    }

    private async Task GoOnAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Interval, _time, cancellationToken);
        await SweepAsync(cancellationToken);
    }

    private TimeSpan OnFailed(Exception failure)
    {
        LogFailed(failure);
        return TimeSpan.Zero;
    }

    /// <summary>True when nothing of the stretch is left; false when nobody says so.</summary>
    private async Task<bool> IsEmptyAsync(string topic, TopicQueueMapping mapping, LogicQueueMappingItem item, CancellationToken cancellationToken)
    {
        (long Min, long Max)? bounds = mapping.IsHere(item)
            ? _topics.TryGet(topic, out TopicState? state) ? await LocalAsync(state, item, cancellationToken) : null
            : await RemoteAsync(topic, item, cancellationToken);
        return bounds is { } found && (found.Min == found.Max || (item.HasEnd && found.Min >= item.EndOffset));
    }

    /// <summary>Takes those of this broker out again that messages wait for, or may wait for as far as is known: the next look goes on where this one ended.</summary>
    private async Task KeepWaitedForAsync(string topic, TopicQueueMapping mapping, SortedDictionary<int, LogicQueueMappingItem> expired, CancellationToken cancellationToken)
    {
        KeyValuePair<int, LogicQueueMappingItem>[] own = [.. expired.Where(stretch => mapping.IsHere(stretch.Value))];
        if (own.Length == 0)
        {
            return;
        }

        PendingReport? report = _scans.Find(topic, fromQueue: 0, _store.Positions.End.Generation) is { } scan
            ? await scan.ReadAsync(_waiting.Find(topic, withRetries: false), _store, new ScanBudget(_time), cancellationToken)
            : null;
        foreach ((int id, LogicQueueMappingItem stretch) in own)
        {
            // What consumers have sent back goes to their retry topics, whatever its queue was.
            if (report is not { IsComplete: true } || report.Counts.Any(count => count.Kind != PendingKind.Retry && count.QueueId == stretch.QueueId))
            {
                expired.Remove(id);
            }
        }
    }

    private async Task<(long Min, long Max)?> LocalAsync(TopicState topic, LogicQueueMappingItem item, CancellationToken cancellationToken)
    {
        QueueOffsets offsets = await _store.Reader.GetOffsetsAsync(topic.StoreTopic, item.QueueId, cancellationToken);
        return (offsets.Min, offsets.Max);
    }

    private async Task<(long Min, long Max)?> RemoteAsync(string topic, LogicQueueMappingItem item, CancellationToken cancellationToken)
    {
        // The end first: what comes in between makes the queue look larger, never empty.
        return await AskAsync(RequestCode.GetMaxOffset, topic, item, cancellationToken) is { } max && await AskAsync(RequestCode.GetMinOffset, topic, item, cancellationToken) is { } min
            ? (min, max)
            : null;
    }

    private async Task<long?> AskAsync(int code, string topic, LogicQueueMappingItem item, CancellationToken cancellationToken)
    {
        try
        {
            RemotingCommand request = PhysicalRequests.Rewrite(RemotingCommand.CreateRequest(code).Set("topic", topic), item);
            RemotingCommand answer = await _peers.InvokeAsync(item.BrokerName ?? string.Empty, request, cancellationToken);
            return answer.Code == ResponseCode.Success ? answer.GetRequiredInt64("offset") : null;
        }
        catch (RemotingCommandException)
        {
            // Away, or none of ours to judge: the stretch stays until it answers.
            return null;
        }
    }

    [LoggerMessage(EventId = 3921, Level = LogLevel.Information, Message = "The first stretch of queue {Id} of static topic {Topic}, queue {PhysicalQueue} of {Broker}, has no message any more: it is taken out of the mapping")]
    private partial void LogRemoved(string topic, int id, int physicalQueue, string? broker);

    [LoggerMessage(EventId = 3922, Level = LogLevel.Error, Message = "Looking for expired stretches of static topics failed; tried again in ten minutes")]
    private partial void LogFailed(Exception failure);
}

using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Offsets;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;

namespace RocketOps.Broker.Delay;

/// <summary>
/// Delivers delayed messages: one <see cref="LevelDelivery"/> per level, and one for each level that the configuration does not have any
/// more and in which messages wait still. Part of a master's <c>RoleSession</c>. Source: remoting.md §5.2.
/// </summary>
internal sealed partial class ScheduleService : IAsyncDisposable
{
    private readonly StoreTopic _schedule;
    private readonly LevelDelivery[] _levels;
    private readonly MessageStore _store;
    private readonly DelayOffsetTable _offsets;
    private readonly Func<int, LevelDelivery> _newGone;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<LevelDelivery> _gone = [];
    private Task _finding = Task.CompletedTask;

    public ScheduleService(
        CurrentOptions<DelayOptions> options, MessageStore store, MessageAppender appender, DueMessages waiting, DelayOffsetTable offsets, TimeProvider time, ILogger<ScheduleService> logger)
    {
        _schedule = store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.Schedule));
        _store = store;
        _offsets = offsets;
        _logger = logger;
        DelayLevels levels = options.Value.DelayLevels;
        _levels = [.. Enumerable.Range(1, levels.MaxLevel).Select(level => NewLevel(level, levels.DelayOf(level), isGone: false))];
        _newGone = level => NewLevel(level, levels.DelayOf(levels.MaxLevel), isGone: true);

        LevelDelivery NewLevel(int level, TimeSpan delay, bool isGone) =>
            new(level, delay, isGone, store, _schedule, appender, waiting, offsets, time, logger);
    }

    /// <summary>Milliseconds by which the next message of the level that is farthest behind is late. Any thread.</summary>
    public long LateMs => _levels.Max(static level => level.LateMs);

    public void Start()
    {
        foreach (LevelDelivery level in _levels)
        {
            level.Start();
        }

        bool isNew = _store.Positions.Appended.Value == 0;
        _finding = Task.Run(() => FindWaitingAsync(isNew));
    }

    public void OnArrived(in MessageArrival message)
    {
        if (ReferenceEquals(message.Topic, _schedule) && (uint)message.QueueId < (uint)_levels.Length)
        {
            _levels[message.QueueId].OnArrived();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _finding;
        await Task.WhenAll(_levels.Concat(_gone).Select(static level => level.DisposeAsync().AsTask()));
        _stopping.Dispose();
    }

    /// <summary>Looks once at the queues there are: nothing new comes into levels that are gone.</summary>
    private async Task FindWaitingAsync(bool isNew)
    {
        try
        {
            long repeated = 0;
            foreach (int queue in _store.GetQueueIds(_schedule))
            {
                int level = queue + 1;
                long delivered = _offsets.Get(level);
                QueueOffsets ends = await _store.Reader.GetOffsetsAsync(_schedule, queue, _stopping.Token);
                long waiting = ends.Max - Math.Max(delivered, ends.Min);
                repeated += Math.Max(0, waiting);
                if (level > _levels.Length && waiting > 0)
                {
                    LogGone(waiting, level, _levels.Length);
                    LevelDelivery gone = _newGone(level);
                    _gone.Add(gone);
                    gone.Start();
                }
            }

            if (_offsets.IsMissing && !isNew && repeated > 0)
            {
                LogRepeated(repeated);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The session ends: its levels are looked for again in the next one.
        }
        catch (Exception failure)
        {
            LogNotFound(failure);
        }
    }

    [LoggerMessage(EventId = 3220, Level = LogLevel.Warning, Message = ""
        + "{Count} messages wait in delay level {Level}, and messageDelayLevel has {Levels} levels now: they are delivered at "
        + "the times that they were promised when they were stored")]
    private partial void LogGone(long count, int level, int levels);

    [LoggerMessage(EventId = 3221, Level = LogLevel.Warning, Message = ""
        + "config/delayOffset.json and its backup are missing, so it is not known how far delayed messages were delivered: up "
        + "to {Count} of them, those that are in the log still, may be delivered a second time")]
    private partial void LogRepeated(long count);

    [LoggerMessage(EventId = 3222, Level = LogLevel.Error, Message = ""
        + "The delay levels that messageDelayLevel does not have any more could not be looked at: what waits there is delivered"
        + " after the next start")]
    private partial void LogNotFound(Exception failure);
}
